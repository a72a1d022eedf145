"""What is kept of the photo while a crop is denoised.

An inpainting net returns the whole crop, including a slightly changed version of the part to keep. Here the photo's
latents outside the mask are restored after every step, so that the net's changes there never show: outside the mask
the crop comes back as after one round trip through the VAE.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from automask.types import Hard


def spill_px(grow_px: int, cell_px: int) -> int:
    """The largest distance from a hard mask, in crop pixels, at which `latent_freedom` is above 0.

    Args:
        grow_px: See `latent_freedom`.
        cell_px: Side of the square that one latent covers.
    """
    return grow_px + math.ceil((cell_px - 1) * math.sqrt(2))


def latent_freedom(hard: Hard, *, grow_px: int, cell_px: int) -> npt.NDArray[np.float32]:
    """How free each latent is to change: 1 if it covers a masked pixel, falling over `grow_px`, 0 if it is kept.

    Args:
        hard: [h, w] bool; both sides multiples of `cell_px`.
        grow_px: Latents whose nearest pixel is within this distance of the mask change too.
        cell_px: Side of the square that one latent covers.

    Returns:
        [h / cell_px, w / cell_px] float32 in 0..1.
    """
    rows, columns = hard.shape[0] // cell_px, hard.shape[1] // cell_px
    if not hard.any():
        return np.zeros((rows, columns), np.float32)
    distance = cv2.distanceTransform((~hard).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    nearest = distance.reshape(rows, cell_px, columns, cell_px).min(axis=(1, 3))
    free = np.where(nearest <= grow_px, 1 - nearest / (grow_px + cell_px), 0)
    return np.asarray(free, np.float32)


def in_pixels(free: npt.NDArray[np.float32], *, cell_px: int) -> Hard:
    """[h, w] bool: the pixels of the latents that may change at all."""
    return np.repeat(np.repeat(free > 0, cell_px, axis=0), cell_px, axis=1)


def grow(hard: Hard, *, grow_px: int) -> Hard:
    """[h, w] bool: the mask and every pixel within `grow_px` of it."""
    if not hard.any() or grow_px == 0:
        return hard
    near = cv2.distanceTransform((~hard).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= grow_px
    return np.asarray(near, np.bool_)


class KeptLatents:
    """A `callback_on_step_end` that restores the photo's latents where they are kept.

    Latents that are partly free (between 0 and 1) are kept for the first part of the steps and released after it: they
    take their layout from the photo and blend into what is painted next to them.

    Args:
        clean: The crops' latents, scaled and packed in the pipeline's own form.
        noise: Of the same shape: what the pipeline starts from. With the same noise in kept and free latents, the net
            sees no seam between them.
        free: Of a shape that broadcasts against it: see `latent_freedom`.

    Source: one mask per step: Levin and Fried, Differential Diffusion, 2023, section 3; restoring known latents:
        Lugmayr et al., RePaint, CVPR 2022, section 4.1.
    """

    def __init__(self, clean: Any, noise: Any, free: Any) -> None:
        self._clean = clean
        self._noise = noise
        self._free = free

    def __call__(self, pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """The latents after a step, the kept ones at the noise level that the step has reached."""
        del timestep  # that of the step before; the next one's is needed
        latents = tensors["latents"]
        count = pipe.num_timesteps
        known = self._clean
        # There is no level after the last step. Most schedulers end at sigma 0; DDIM and PNDM of Stable Diffusion
        # (set_alpha_to_one false) end at the noise of training step 0, which goes to the decoder as it is. Kept latents
        # go there clean in either case.
        if step + 1 < count:
            timesteps = pipe.scheduler.timesteps
            # A strength below 1 skips the first steps. Schedulers that count their steps (Euler, DPM-Solver, flow
            # matching) use their own counter, which has already advanced, and ignore this number.
            level = timesteps[len(timesteps) - count + step + 1].reshape(1)
            if hasattr(pipe.scheduler, "scale_noise"):  # flow matching
                known = pipe.scheduler.scale_noise(known, level, self._noise)
            else:
                known = pipe.scheduler.add_noise(known, self._noise, level)
        stays = (self._free == 0) | (self._free < 1 - (step + 1) / count)
        return {"latents": known.to(latents.dtype).where(stays, latents)}


def kept_latents(
    pipe: Any,
    pictures: Sequence[Image.Image],
    masks: Sequence[Image.Image],
    free: Sequence[npt.NDArray[np.float32]],
    *,
    seeds: Sequence[int],
    dtype: Any,
) -> KeptLatents:
    """The callback for one call of a pipeline; must be made inside `encoding_once`, from the arguments of the call.

    Args:
        pipe: Encodes the crops, each together with its masked version, all in one pass.
        pictures, masks: The crops and masks of the call, all of one size.
        free: For each crop the result of `latent_freedom`.
        seeds: Of the generators of the call.
        dtype: Of the embeddings, and so of the pipeline's latents.
    """
    import torch
    from diffusers.utils.torch_utils import randn_tensor

    count, device = len(pictures), pipe._execution_device
    size = {"width": pictures[0].width, "height": pictures[0].height}
    pixels = pipe.image_processor.preprocess(list(pictures), **size)
    masked = pixels * (pipe.mask_processor.preprocess(list(masks), **size) < 0.5)
    both = torch.cat([pixels, masked]).to(device=device, dtype=dtype)
    is_video = len(pipe.vae.config.get("temperal_downsample", ())) > 0  # Qwen-Image's VAE wants frames too
    # A private method, but all the pipelines have it, and it knows the VAE's scale, shift and number format.
    with torch.no_grad():
        clean = pipe._encode_vae_image(both.unsqueeze(2) if is_video else both, None)[:count].flatten(2).to(dtype)
    rows, columns = free[0].shape
    clean = clean.reshape(count, -1, rows, columns)
    noise = randn_tensor(clean.shape, generator=generators(seeds), device=device, dtype=dtype)
    share = torch.from_numpy(np.stack(free))[:, None].to(device).expand(clean.shape)
    parts = [clean, noise, share]
    if is_patchified(pipe):  # the VAE image is two by two already: packing only lays the rows out
        parts = [pipe._pack_latents(part.contiguous()) for part in parts]
    elif hasattr(pipe, "_pack_latents"):  # FLUX and Qwen-Image: two by two latents are one token
        parts = [pipe._pack_latents(part.contiguous(), *clean.shape) for part in parts]
    return KeptLatents(*parts)


def is_patchified(pipe: Any) -> bool:
    """Whether the pipeline works in FLUX.2's space: latents two by two as channels, normalised by running statistics.

    One of these latents covers twice as many pixels along each side.
    """
    return hasattr(pipe, "_patchify_latents")


def generators(seeds: Sequence[int]) -> list[Any]:
    """One random generator per crop, on the CPU whatever the device: a crop's noise depends on its seed only."""
    import torch

    return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]


@contextlib.contextmanager
def encoding_once(vae: Any) -> Iterator[None]:
    """Inside the block the VAE caches what it encodes, and returns the mean in place of a sample.

    Why: a pipeline encodes the masked crop and, below strength 1, the crop; we need the crop's latents too. Not every
    pipeline takes latents in place of pictures (in diffusers 0.42 FLUX Fill refuses them, and ControlNet's mistakes
    their size), so pictures go in, and encoding one again is free. As no sample is drawn, the first numbers of a
    generator are the noise that the pipeline starts from.
    """
    import torch

    encode = vae.encode
    known: list[tuple[Any, Any]] = []

    def latents_of(picture: Any) -> Any | None:
        return next((out for seen, out in known if seen.dtype == picture.dtype and seen.equal(picture)), None)

    def remembering(batch: Any) -> _Encoded:
        found = [latents_of(picture) for picture in batch]
        if any(latents is None for latents in found):
            found = list(encode(batch).latent_dist.mode())
            known.extend(zip(batch, found, strict=True))
        return _Encoded(torch.stack(found))

    vae.encode = remembering
    try:
        yield
    finally:
        del vae.encode  # uncovers the class's own method


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    """An encoder output from which the pipelines of diffusers take latents without drawing a sample."""

    latents: Any
