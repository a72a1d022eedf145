"""Puts a pipeline on its device, and runs it in batches that fit into memory."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar

from automask.editors.diffusion.memory import MemoryPlan, Offload, is_out_of_memory, is_text_encoder, plan_memory
from automask.errors import AutomaskError, EditorError
from automask.weights import quiet_models

_Job = TypeVar("_Job")
_Made = TypeVar("_Made")


class BatchRunner:
    """Runs a pipeline on as many crops at a time as memory holds, and remembers how many that were.

    Args:
        pipe: On the CPU; it is moved to the device, or set up to send parts there while they work.
        device: A torch.device.
        dtype: A torch.dtype.
        vram_gb: See `Diffusion`.
        batch: See `Diffusion`.
        ideal_px: The expected side of a crop.
    """

    def __init__(
        self,
        pipe: Any,
        *,
        device: Any,
        dtype: Any,
        vram_gb: float | None,
        batch: int | Literal["auto"],
        ideal_px: int,
    ) -> None:
        self._pipe = pipe
        self._device = device
        self._dtype = dtype
        self._engine = type(pipe).__name__
        self._weights = weights_by_part(pipe)
        self._budget = budget_of(device, vram_gb)
        self._ideal_px = ideal_px
        self.batch = batch
        self._offload: Offload = "none"
        self._fits: dict[tuple[int, ...], int] = {}
        self._reduced: set[tuple[int, ...]] = set()
        plan = self.plan((ideal_px, ideal_px))
        with quiet_models():
            if plan is None or device.type != "cuda" or plan.offload == "none":
                pipe.to(device)
            else:
                self.offload_to(plan.offload)

    def plan(self, size_hw: tuple[int, ...]) -> MemoryPlan | None:
        """The plan for crops of this size; None on the CPU without a budget."""
        if self._budget is None:
            return None
        # The plan's figures are for numbers of two bytes.
        crop_px = size_hw[0] * size_hw[1] * self._dtype.itemsize // 2
        return plan_memory(self._budget, self._weights, crop_px, self._engine)

    def run(
        self, call: Callable[[Sequence[_Job]], Iterable[_Made]], jobs: Sequence[_Job], size_hw: tuple[int, ...]
    ) -> list[_Made]:
        """The result of each job, in order.

        Args:
            call: Runs the pipeline on a batch of jobs.
            jobs: All with crops of one size.
            size_hw: That size.

        Raises:
            EditorError: Not even a single crop fits.
        """
        plan = self.plan(size_hw)
        limit = self.batch if self.batch != "auto" else 1 if plan is None else plan.batch
        made: list[_Made] = []
        while len(made) < len(jobs):
            self._reduce_vae_memory(plan, most=size_hw in self._reduced)
            now = jobs[len(made) : len(made) + min(limit, self._fits.get(size_hw, limit))]
            try:
                made += call(now)
                continue
            except (RuntimeError, MemoryError) as error:
                if isinstance(error, AutomaskError) or not is_out_of_memory(error):
                    raise
            # Outside the handler, because the traceback there keeps every tensor of the failed call alive.
            self._recover()
            if len(now) > 1:
                self._fits[size_hw] = len(now) // 2
            elif size_hw not in self._reduced:
                self._reduced.add(size_hw)
            else:
                raise EditorError(
                    f"a crop of {size_hw[1]} x {size_hw[0]} px does not fit into memory, even alone and in tiles",
                    hint=f"end other programs that use it, or make editor.ideal_px smaller than {self._ideal_px}",
                )
        return made

    def _reduce_vae_memory(self, plan: MemoryPlan | None, *, most: bool) -> None:
        """Sets up the VAE as the plan says, or for the least memory."""
        vae = self._pipe.vae
        vae.enable_slicing() if most or (plan and plan.slice_vae) else vae.disable_slicing()
        vae.enable_tiling() if most or (plan and plan.tile_vae) else vae.disable_tiling()
        if most and self._offload in ("none", "words") and self._device.type == "cuda":
            self.offload_to("model")

    def offload_to(self, offload: Offload) -> None:
        """Keeps idle parts in main memory. The safety checker stays on the GPU: diffusers does not offload it."""
        if offload == "words":
            for name, part in self._nets().items():
                part.to("cpu" if is_text_encoder(name) else self._device)
        else:
            start = {"model": "enable_model_cpu_offload", "sequential": "enable_sequential_cpu_offload"}[offload]
            getattr(self._pipe, start)(device=self._device)
        self._offload = offload

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """For the block the text encoders are on the device, and where there is no room for both the net is not."""
        if self._offload != "words":
            yield
            return
        nets = self._nets()
        encoders = [part for name, part in nets.items() if is_text_encoder(name)]
        net = nets[
            "unet" if "unet" in nets else "transformer"
        ]  # the rest is small; the pipeline asks it for the device
        net.to("cpu")
        try:
            for encoder in encoders:
                encoder.to(self._device)
            yield
        finally:
            for encoder in encoders:
                encoder.to("cpu")
            net.to(self._device)

    def _nets(self) -> dict[str, Any]:
        return {name: part for name, part in self._pipe.components.items() if hasattr(part, "parameters")}

    def _recover(self) -> None:
        """Cleans up after a call that failed: SDXL's VAE may be left in float32, and parts on the GPU."""
        import gc

        import torch

        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if self._offload in ("none", "words") and self._pipe.vae.dtype != self._dtype:
            self._pipe.vae.to(self._dtype)
        self._pipe.maybe_free_model_hooks()


def weights_by_part(pipe: Any) -> dict[str, int]:
    """Bytes of each of a pipeline's nets, by name."""
    return {
        name: sum(tensor.numel() * tensor.element_size() for tensor in part.parameters())
        for name, part in pipe.components.items()
        if hasattr(part, "parameters")
    }


def budget_of(device: Any, vram_gb: float | None) -> int | None:
    """Bytes of a device that may be used, a limit that is set in PyTorch on a GPU; None on the CPU without a number."""
    import torch

    given = None if vram_gb is None else int(vram_gb * 2**30)
    if device.type != "cuda":
        return given
    free, total = torch.cuda.mem_get_info(device)
    if given is None:
        return int(free)
    torch.cuda.set_per_process_memory_fraction(min(1.0, given / total), device)
    return min(given, int(total))
