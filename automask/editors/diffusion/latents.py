"""What stays of the photo while a crop is denoised.

An inpainting net returns the whole crop, the part that was to stay a little changed. Here the latents outside the mask
are put back after every step, so that what the net makes of them is never seen: outside it the crop comes back as one
round trip through the VAE.
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
    """How far from a hard mask, in crop pixels, the latents that `latent_freedom` lets change reach at most.

    Args:
        grow_px: See `latent_freedom`.
        cell_px: Side of the square that one latent stands for.
    """
    return grow_px + math.ceil((cell_px - 1) * math.sqrt(2))


def latent_freedom(hard: Hard, *, grow_px: int, cell_px: int) -> npt.NDArray[np.float32]:
    """How free each latent is to change: 1 where a masked pixel lies in it, falling over `grow_px`, 0 where it stays.

    Args:
        hard: [h, w] bool; both sides multiples of `cell_px`.
        grow_px: Latents whose nearest pixel is this near to the mask change too.
        cell_px: Side of the square that one latent stands for.

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


def grown(hard: Hard, *, grow_px: int) -> Hard:
    """[h, w] bool: the mask and every pixel at most `grow_px` from it."""
    if not hard.any() or grow_px == 0:
        return hard
    near = cv2.distanceTransform((~hard).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= grow_px
    return np.asarray(near, np.bool_)


class KeptLatents:
    """A `callback_on_step_end` that puts the photo's own latents back where they are to stay.

    Latents that are partly free (between 0 and 1) stay for the first part of the steps and are let go after it: they
    take their layout from the photo and join what is painted beside them.

    Args:
        clean: The crops' latents, scaled and packed as the pipeline holds its own.
        noise: Of the same shape: what the pipeline starts from. With the same noise in what stays and what changes,
            neither sees a seam in the other.
        free: Of a shape that broadcasts against it: see `latent_freedom`.

    Source: blending by one mask for each step: Levin and Fried, Differential Diffusion, 2023, section 3; putting known
        latents back: Lugmayr et al., RePaint, CVPR 2022, section 4.1.
    """

    def __init__(self, clean: Any, noise: Any, free: Any) -> None:
        self._clean = clean
        self._noise = noise
        self._free = free

    def __call__(self, pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """The latents after a step, those that stay at the noise level that the step has reached."""
        del timestep  # the one before; the next is wanted
        latents = tensors["latents"]
        count = pipe.num_timesteps
        known = self._clean
        # After the last step there is no level to look up. Most schedulers end at sigma 0; DDIM and PNDM of Stable
        # Diffusion (set_alpha_to_one false) end at the noise of training step 0, which the decoder is given as it is.
        # What stays is given clean, whichever it is.
        if step + 1 < count:
            timesteps = pipe.scheduler.timesteps
            # A strength below 1 leaves steps out at the beginning. The schedulers that count their steps (Euler,
            # DPM-Solver, flow matching) look at their own counter, which has moved on, and not at this number.
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
    """The callback for one call of a pipeline; to be made inside `encoding_once`, from what the call is given.

    Args:
        pipe: Where the crops are encoded, each beside its masked self, all in one pass.
        pictures, masks: The crops and the masks that the pipeline is given, all of one size.
        free: For each crop what `latent_freedom` gives.
        seeds: Of the generators that the pipeline is given.
        dtype: Of the embeddings, in which the pipelines hold their latents.
    """
    import torch
    from diffusers.utils.torch_utils import randn_tensor

    count, device = len(pictures), pipe._execution_device
    size = {"width": pictures[0].width, "height": pictures[0].height}
    pixels = pipe.image_processor.preprocess(list(pictures), **size)
    masked = pixels * (pipe.mask_processor.preprocess(list(masks), **size) < 0.5)
    both = torch.cat([pixels, masked]).to(device=device, dtype=dtype)
    is_video = len(pipe.vae.config.get("temperal_downsample", ())) > 0  # Qwen-Image's VAE wants frames too
    # Private, but each of the pipelines has it, and it knows the VAE's scale, shift and number format.
    with torch.no_grad():
        clean = pipe._encode_vae_image(both.unsqueeze(2) if is_video else both, None)[:count].flatten(2).to(dtype)
    rows, columns = free[0].shape
    clean = clean.reshape(count, -1, rows, columns)
    noise = randn_tensor(clean.shape, generator=generators(seeds), device=device, dtype=dtype)
    share = torch.from_numpy(np.stack(free))[:, None].to(device).expand(clean.shape)
    parts = [clean, noise, share]
    if hasattr(pipe, "_pack_latents"):  # FLUX and Qwen-Image: two by two latents are one token
        parts = [pipe._pack_latents(part.contiguous(), *clean.shape) for part in parts]
    return KeptLatents(*parts)


def generators(seeds: Sequence[int]) -> list[Any]:
    """One random generator for each crop, on the CPU whatever the device: a crop's noise is its seed's alone."""
    import torch

    return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]


@contextlib.contextmanager
def encoding_once(vae: Any) -> Iterator[None]:
    """Inside the block the VAE remembers what it has encoded, and gives the mean in place of a sample.

    Why: a pipeline encodes the masked crop and, below strength 1, the crop; we need the crop's latents too. Not every
    pipeline takes latents in place of pictures (FLUX Fill refuses them in diffusers 0.42, ControlNet's mistakes their
    size), so pictures go in, and a picture that was encoded before costs nothing. With no sample drawn, the first
    numbers of a generator are the noise that the pipeline starts from.
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
        del vae.encode  # the class's own method shows again


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    """What the pipelines of diffusers take as latents without drawing a sample."""

    latents: Any
