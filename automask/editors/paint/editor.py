"""The paint editor: a photo, a mask and words in, the photo with another surface under the same light out."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from automask.editors.paint.light import Light, downscale, expected_light, light_on
from automask.editors.paint.listing import colours, drawn, materials, sample
from automask.editors.paint.look import Look
from automask.editors.paint.palettes import Palette, load_palettes, palette_paths
from automask.editors.paint.pieces import pieces_of
from automask.editors.paint.prompts import look_for
from automask.editors.paint.texture_mapping import texture_planes
from automask.editors.paint.tone import FLOOR_GAIN, LUMA, SHEEN, TOP_GAIN, WHITEST, encode, linear_of_scene
from automask.editors.swatches import files_named
from automask.errors import AutomaskError, ConfigError, EditorError
from automask.geometry.perspective import Room, room_of
from automask.geometry.planes import bounds, main_plane
from automask.geometry.surfaces import NET, enlarged_part
from automask.images import to_uint8
from automask.types import FloatImage, Hard, Hw, Rgb

_SCALES = (0.05, 20.0)  # veins and boards beyond these are smaller than pixels, or larger than photos
_SHADINGS = (0.0, 2.0)
_RIMS = (0.0, 0.05)
_WHOLE_PX, _LIGHT_PX = 1920, 1440  # the light on a photo with a longer long side is found on a copy with this one


def _check_number(value: object, name: str, between: tuple[float, float], *, error: type[AutomaskError]) -> float:
    """The value as a float; raises `error` unless it is a number within the range, ends included."""
    low, high = between
    # True is a number to Python, and nan is one to its type: neither is a size.
    if (
        isinstance(value, int | float | np.integer | np.floating)
        and not isinstance(value, bool)
        and low <= value <= high
    ):
        return float(value)
    raise error(f"{name} is {value!r}", hint=f"give a number from {low:g} to {high:g}")


def _check_request(prompt: str, scale: float, shading: float, palette: Palette) -> Look:
    """The look that an edit asks for; raises `EditorError` where its words or options cannot be painted."""
    look = look_for(prompt, palette)
    _check_number(scale, "scale", _SCALES, error=EditorError)
    _check_number(shading, "shading", _SHADINGS, error=EditorError)
    return look


class Paint:
    """Paints colours and simple materials and keeps the room's light.

    Args:
        scale: Multiplies the size of a material's pattern; 2 doubles it; 0.05..20.
        shading: How much of the old light and shade is kept; 1 is what was measured to look right, 0 is flat; 0..2.
        rim_frac: Width, as a fraction of the photo's long side, of the mask's rim that may show neighbours; 0..0.05.
        palette: A file of the user's own colours, or several: CSV, JSON, GPL, ACO or ASE; see `palettes`.

    Raises:
        ConfigError: For anything but a number within its range; a palette that cannot be read.
    """

    multiple_px = 1
    ideal_px = 0  # the whole photo: exposure and colour cast are read from the whole room
    materials = staticmethod(materials)
    sample = staticmethod(sample)
    generative = False  # what a result discloses about itself
    reads = staticmethod(files_named)  # a batch redoes photos when one of these changes

    def __init__(
        self,
        *,
        scale: float = 1.0,
        shading: float = 1.0,
        rim_frac: float = 0.004,
        palette: str | Sequence[str] | None = None,
    ) -> None:
        self.scale = _check_number(scale, "editor.scale", _SCALES, error=ConfigError)
        self.shading = _check_number(shading, "editor.shading", _SHADINGS, error=ConfigError)
        self.rim_frac = _check_number(rim_frac, "editor.rim_frac", _RIMS, error=ConfigError)
        paths = palette_paths(palette)
        self.palette = load_palettes(paths)
        self.own_files = (NET, *map(Path, paths))

    def colours(self) -> tuple[dict[str, str], ...]:
        """Every colour with a name, the palette's first; see `listing.colours`."""
        return colours(self.palette)

    def picture_of(self, prompt: str, *, size_hw: Hw = (200, 300), px_per_m: float = 250.0) -> Rgb:
        """What words ask for, seen square-on in even light; as `listing.drawn`.

        Raises:
            EditorError: For a prompt it does not know.
        """
        return drawn(look_for(prompt, self.palette), size_hw=size_hw, px_per_m=px_per_m, seed=0)

    def check(self, prompt: str, *, scale: float = 1.0, shading: float = 1.0) -> None:
        """Raises for words and options that `paint` would refuse, before anything is masked or painted.

        Args:
            prompt, scale, shading: See `paint`.

        Raises:
            EditorError: For a prompt it does not know, or an option that is not a number within its range.
        """
        _check_request(prompt, scale, shading, self.palette)

    def paint(self, crop: Rgb, hard: Hard, prompt: str, *, seed: int, scale: float = 1.0, shading: float = 1.0) -> Rgb:
        """The crop with its masked surface in another colour or material, under the same light.

        Args:
            crop: [h, w, 3] uint8 RGB, the whole photo.
            hard: [h, w] bool, True is repainted.
            prompt: See `look_for`.
            seed: Decides where veins and boards are; colours do not depend on it.
            scale: Multiplies the constructor's; 0.05..20.
            shading: Multiplies the constructor's; 0..2.

        Returns:
            [h, w, 3] uint8; equal to `crop` outside `hard`.

        Raises:
            EditorError: For a prompt it does not know, or an option that is not a number within its range.
        """
        look = _check_request(prompt, scale, shading, self.palette)
        out = crop.copy()
        if not hard.any():
            return out
        long_px = max(crop.shape[:2])
        small, _ = downscale(crop, 384)
        small_wh = (small.shape[1], small.shape[0])
        small_mask = cv2.resize(hard.astype(np.uint8), small_wh, interpolation=cv2.INTER_NEAREST) > 0
        expected, tint = expected_light(small, small_mask)

        margin = max(8, long_px // 40)
        y0, y1, x0, x1 = bounds(hard)
        y0, y1, x0, x1 = max(0, y0 - margin), y1 + margin, max(0, x0 - margin), x1 + margin
        part, mask = crop[y0:y1, x0:x1], hard[y0:y1, x0:x1]
        whitest = np.float32(1 if look.measured else WHITEST)
        rho = np.minimum(np.array(look.reflectance, np.float32), whitest)
        size_hw = (crop.shape[0], crop.shape[1])
        room = room_of(*downscale(crop, 768))
        whole = main_plane(mask, room, size_hw, (y0, x0), boards=look.layout == "boards")
        if whole.horizontal and whole.offset > 0:
            # A horizontal surface faces the ceiling and the sky (measured on rendered floors and worktops).
            expected += FLOOR_GAIN if whole.is_floor else TOP_GAIN
        light = self._light(crop, (y0, x0), mask, look, room, whole.is_floor, expected, tint)
        textures = None
        if look.texture is not None:
            textures = texture_planes(
                look,
                room,
                whole,
                mask,
                corner=(y0, x0),
                seed=seed,
                scale=self.scale * scale,
            )
        hue = rho / rho.max() if look.metal else np.ones(3, np.float32)  # of highlights
        for piece in pieces_of(light, part, mask):
            planes = None if textures is None else textures.reflectance(piece.rows)
            shade = np.float32(self.shading * shading) * piece.shade[None]
            highlights, cover = piece.highlights[None], piece.cover[None]
            painted = np.empty((1, len(piece.at), 3), np.float32)
            for c in range(3):
                reflected = rho[c] if planes is None else planes[..., c].take(piece.at)[None]
                scene_light = (
                    np.exp(piece.illumination[c][None] + shade) * (np.minimum(reflected, whitest) + np.float32(SHEEN))
                    + highlights * hue[c]
                )
                new = linear_of_scene(cv2.log(np.maximum(scene_light, 1e-6)))
                mixed = cover * new + piece.remainder[c][None]
                painted[..., c] = encode(np.where(cover < 1, mixed, new))
            out[y0:y1, x0:x1][piece.rows][mask[piece.rows]] = to_uint8(painted)[0]
        return out

    def _light(
        self,
        crop: Rgb,
        corner: tuple[int, int],
        mask: Hard,
        look: Look,
        room: Room,
        on_floor: bool,
        expected: float,
        tint: FloatImage,
    ) -> Light:
        """The light on the mask, a part of the crop with this corner; for a large photo that on a reduced copy."""
        long_px = max(crop.shape[:2])
        height, width = mask.shape
        part = np.ascontiguousarray(crop[corner[0] : corner[0] + height, corner[1] : corner[1] + width])
        shrink, sampled = 1.0, None
        if long_px > _WHOLE_PX:
            shrink = long_px / _LIGHT_PX
            small_wh = (max(1, round(width / shrink)), max(1, round(height / shrink)))
            sampled = cv2.resize(part, small_wh, interpolation=cv2.INTER_NEAREST)
            part = cv2.resize(part, small_wh, interpolation=cv2.INTER_AREA)
            # Only what is all in the mask: thin things that it leaves out (handles, legs) must not close.
            share = cv2.resize(mask.view(np.uint8) * np.uint8(255), small_wh, interpolation=cv2.INTER_AREA)
            mask = share == 255 if (share == 255).any() else share == share.max()
        where = (crop.shape[0] / shrink, crop.shape[1] / shrink), (corner[0] / shrink, corner[1] / shrink)
        return light_on(
            part,
            mask,
            expected=expected,
            tint=tint,
            log_albedo=enlarged_part(room.surfaces.log_albedo, *where, mask.shape),
            target=float(np.minimum(np.array(look.reflectance, np.float32), WHITEST) @ LUMA),
            rim_px=max(3.0, self.rim_frac * long_px) / shrink,
            long_px=long_px / shrink,
            gloss=look.gloss,
            joints=look.texture is not None and on_floor,
            sampled=sampled,
        )
