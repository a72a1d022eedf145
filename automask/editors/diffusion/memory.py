"""The plan for a GPU's memory: what stays there, how many crops form a batch, how the VAE runs.

The figures are counted, not measured on a GPU: torch's MemTracker over fake tensors, the real nets in half precision
with classifier-free guidance, one forward pass. What a GPU needs in addition (cuDNN's workspaces, fragmentation) is in
`_SLACK` and `_CONTEXT`. A plan that is too optimistic costs one failed call: the editor then halves its batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Offload = Literal["none", "words", "model", "sequential"]

_SLACK = 1.5
_CONTEXT = 500_000_000
"""Bytes that CUDA and its libraries take in a process before any tensor."""
_MAX_BATCH = 8
"""A GPU is busy with fewer crops, and a failed call costs less."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What fits into a budget.

    Args:
        offload: `none` keeps all parts on the GPU; `words` all but the text encoders, which change places with the
            denoising net for each new sentence; `model` only the part at work; `sequential` only one layer.
        batch: Crops per call.
        slice_vae: The VAE takes the pictures of a batch one by one: the same result.
        tile_vae: The VAE takes a large picture in overlapping tiles: nearly the same result.
    """

    offload: Offload
    batch: int
    slice_vae: bool
    tile_vae: bool


@dataclass(frozen=True, slots=True)
class _Needs:
    """Bytes per pixel of a crop, for one step of the net and for one picture in the VAE; and the side of a tile."""

    net: int
    vae: int
    tile_px: int


_NEEDS: Mapping[str, _Needs] = {
    "StableDiffusion": _Needs(net=521, vae=1536, tile_px=512),
    "StableDiffusionXL": _Needs(net=316, vae=3072, tile_px=1024),  # its VAE runs in float32: it overflows in half
    "Flux": _Needs(net=471, vae=1537, tile_px=1024),
    # Not counted: FLUX's, with a sequence twice as long, as the photo goes along.
    "Flux2": _Needs(net=942, vae=1537, tile_px=1024),
    "FluxKontext": _Needs(net=942, vae=1537, tile_px=1024),
    "QwenImage": _Needs(net=371, vae=3460, tile_px=256),
}


def plan_memory(budget: int, weights: Mapping[str, int], crop_px: int, engine: str) -> MemoryPlan:
    """The fastest plan that fits.

    Args:
        budget: Bytes of the GPU that may be used.
        weights: Bytes of each part by name, as in `model_index.json`.
        crop_px: Pixels of a crop, width times height.
        engine: The pipeline's class in diffusers; an unknown one counts as SDXL, which needs most.

    Returns:
        A plan; if nothing fits, the one for the least memory. A smaller budget or a larger crop never gives a larger
        batch.
    """
    known = [name for name in _NEEDS if engine.startswith(name)]
    needs = _NEEDS[max(known, key=len) if known else "StableDiffusionXL"]
    net = _SLACK * needs.net * crop_px
    whole = _SLACK * needs.vae * crop_px
    tiled = min(whole, _SLACK * needs.vae * needs.tile_px**2)
    room = budget - _CONTEXT
    # Every kind of offloading leaves the checker on the GPU.
    checker = weights.get("safety_checker", 0)
    total = sum(weights.values())
    words = sum(size for name, size in weights.items() if is_text_encoder(name))
    largest = max((size for name, size in weights.items() if not is_text_encoder(name)), default=0)
    ways: tuple[tuple[Offload, int, int, int], ...] = (
        ("none", total, total, 0),
        ("words", total - words, total - words, total - largest),
        ("model", max(weights.values(), default=0) + checker, weights.get("vae", 0) + checker, 0),
    )
    for offload, held, vae_held, reading in ways:
        for vae in (whole, tiled):
            if held + net <= room and vae_held + vae <= room and reading <= room:
                # With offloading one crop per call: it is the sign of a full GPU. So a smaller budget, which offloads
                # sooner and then has more room, never gives a larger batch than a larger one.
                batch = max(1, min(_MAX_BATCH, int((room - held) // net))) if offload == "none" else 1
                # A crop is encoded together with its masked version.
                return MemoryPlan(
                    offload,
                    batch,
                    slice_vae=vae_held + 2 * batch * vae > room,
                    tile_vae=vae < whole,
                )
    return MemoryPlan("sequential", 1, slice_vae=True, tile_vae=True)


def is_text_encoder(part: str) -> bool:
    """Whether a part of a pipeline, by its name in `model_index.json`, reads the words."""
    return part.startswith("text_encoder")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out: PyTorch's own, Python's, or the CPU allocator's RuntimeError."""
    message = str(error).lower()
    named = any(part in message for part in ("out of memory", "can't allocate memory", "not enough memory"))
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and named)
