"""The paint editor: a photo, a mask and words in, the photo with another surface under the same light out."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from automask.editors.paint.agreement import Agreement, agree
from automask.editors.paint.bounce import relit
from automask.editors.paint.clipping import below_white, expected_below_white, whites_again
from automask.editors.paint.grain import add_grain, calm_darks
from automask.editors.paint.light import (
    Light,
    OldSurface,
    contrast_beyond,
    downscale,
    expected_light,
    light_on,
    materials_on,
    old_surface,
)
from automask.editors.paint.listing import colours, drawn, materials, sample
from automask.editors.paint.look import Look
from automask.editors.paint.palettes import Palette, load_palettes, palette_paths
from automask.editors.paint.pieces import pieces_of
from automask.editors.paint.prompts import look_for
from automask.editors.paint.texture_mapping import TexturePlanes, sheen_on, texture_planes
from automask.editors.paint.tone import FLOOR_GAIN, LUMA, SHEEN, TOP_GAIN, WHITEST, encode, linear_of_scene
from automask.editors.swatches import files_named
from automask.errors import AutomaskError, ConfigError, EditorError
from automask.geometry.perspective import Room, room_of
from automask.geometry.planes import RoomPlane, bounds, eye_height, main_plane
from automask.geometry.surfaces import NET, enlarged_part
from automask.images import to_uint8
from automask.images.threads import in_threads, together
from automask.types import Alpha, FloatImage, Hard, Hw, Rgb

_SCALES = (0.05, 20.0)  # veins and boards beyond these are smaller than pixels, or larger than photos
_SHADINGS = (0.0, 2.0)
_RIMS = (0.0, 0.05)
_BOUNCES = (0.0, 1.0)
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
        bounce: How much surfaces light those painted before them; 1 is as much as rendered rooms do, 0 not at all;
            0..1. Above 0 several edits no longer equal one after another.

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
        bounce: float = 0.0,
    ) -> None:
        self.scale = _check_number(scale, "editor.scale", _SCALES, error=ConfigError)
        self.shading = _check_number(shading, "editor.shading", _SHADINGS, error=ConfigError)
        self.rim_frac = _check_number(rim_frac, "editor.rim_frac", _RIMS, error=ConfigError)
        self.bounce = _check_number(bounce, "editor.bounce", _BOUNCES, error=ConfigError)
        paths = palette_paths(palette)
        self.palette = load_palettes(paths)
        self.own_files = (NET, *map(Path, paths))
        self._agreed: Agreement | None = None

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
        corner, mask = _part_of(crop, hard)
        y0, x0 = corner
        y1, x1 = y0 + mask.shape[0], x0 + mask.shape[1]
        part = crop[y0:y1, x0:x1]
        whitest = np.float32(1 if look.measured else WHITEST)
        rho = np.minimum(np.array(look.reflectance, np.float32), whitest)
        legible = _legible(part, crop, mask)
        light, textures, sheen = self._light_and_texture(
            crop, legible, hard, corner, mask, look, seed=seed, scale=scale
        )
        hue = rho / rho.max() if look.metal else np.ones(3, np.float32)  # of highlights
        strips, piece_of = pieces_of(light, legible, mask)

        def paint_strip(strip: slice) -> None:
            piece = piece_of(strip)
            planes = None if textures is None else textures.reflectance(piece.rows)
            shade = np.float32(self.shading * shading) * piece.shade[None]
            highlights, cover = piece.highlights[None], piece.cover[None]
            painted = np.empty((1, len(piece.at), 3), np.float32)
            for c in range(3):
                reflected = rho[c] if planes is None else planes[..., c].take(piece.at)[None]
                scene_light = (
                    np.exp(piece.illumination[c][None] + shade) * (np.minimum(reflected, whitest) + np.float32(sheen))
                    + highlights * hue[c]
                )
                new = linear_of_scene(cv2.log(np.maximum(scene_light, 1e-6)))
                share = np.maximum(1 - cover, 1e-3)
                mixed = cover * new + share * whites_again(piece.remainder[c][None] / share)
                painted[..., c] = encode(np.where(cover < 1, mixed, new))
            out[y0:y1, x0:x1][piece.rows][mask[piece.rows]] = to_uint8(painted)[0]

        in_threads(paint_strip, strips)
        add_grain(out[y0:y1, x0:x1], part, mask, seed=seed)
        return out

    def measure(self, crop: Rgb, hard: Hard, prompt: str) -> dict[str, Any]:
        """What a photo says of the masked surface, for `agree`: plain values.

        Args:
            crop, hard, prompt: As in `paint`.

        Raises:
            EditorError: For a prompt it does not know.
        """
        look = _check_request(prompt, 1.0, 1.0, self.palette)
        if not hard.any():
            return {"materials": [], "eye_m": None}
        corner, mask = _part_of(crop, hard)
        view = _view_of(crop, hard, corner, mask, boards=look.layout == "boards")
        (y0, x0), (height, width) = corner, mask.shape
        seen = self._seen(_legible(crop[y0 : y0 + height, x0 : x0 + width], crop, mask), mask, max(crop.shape[:2]))
        found = materials_on(
            seen.part,
            seen.mask,
            expected=view.expected,
            tint=view.tint,
            log_albedo=view.log_albedo(crop, corner, (seen.mask.shape[0], seen.mask.shape[1]), seen.shrink),
            faces_up=view.whole.faces_up,
            rim_px=seen.rim_px,
            long_px=seen.long_px,
        )
        eye_m = eye_height(view.room)
        return {
            "materials": [[round(value, 4) for value in (share, *own)] for share, own in found],
            "eye_m": None if eye_m is None else round(eye_m, 4),
        }

    agree = staticmethod(agree)

    def in_room(self, agreed: Any) -> "Paint":
        """The same editor for a photo of a room whose photos agree on this, as `agree` says it.

        Raises:
            EditorError: It is not what `agree` returns.
        """
        one = copy.copy(self)
        one._agreed = Agreement.parse(agreed)
        return one

    def relight(self, photo: Rgb, picture: Rgb, alphas: Sequence[Alpha]) -> Rgb:
        """The picture with the painted surfaces in each other's light, as `bounce.relit`, by `bounce` of it."""
        return relit(photo, picture, alphas, room_of(*downscale(photo, 768)), strength=self.bounce)

    def _light_and_texture(
        self, crop: Rgb, part: Rgb, hard: Hard, corner: Hw, mask: Hard, look: Look, *, seed: int, scale: float
    ) -> tuple[Light, TexturePlanes | None, float]:
        """The light on the mask, in a part of the crop with this corner; the texture; and what a plain look mirrors.

        A plain look has no texture; textures have what they mirror plane by plane.
        """

        def surface() -> tuple[OldSurface, float]:
            seen = self._seen(part, mask, max(crop.shape[:2]))
            shown = old_surface(seen.part, seen.mask, rim_px=seen.rim_px, long_px=seen.long_px, sampled=seen.sampled)
            return shown, seen.shrink

        (old, shrink), view = together(
            surface, lambda: _view_of(crop, hard, corner, mask, boards=look.layout == "boards")
        )

        def light() -> Light:
            return light_on(
                old,
                expected=view.expected,
                tint=view.tint,
                log_albedo=view.log_albedo(crop, corner, (old.scene.shape[0], old.scene.shape[1]), shrink),
                faces_up=view.whole.faces_up,
                contrast=view.contrast,
                target=float(np.minimum(np.array(look.reflectance, np.float32), WHITEST) @ LUMA),
                gloss=look.gloss,
                joints=look.texture is not None and view.whole.is_floor,
                agreed=self._agreed,
            )

        def texture() -> TexturePlanes | None:
            if look.texture is None:
                return None
            size = self.scale * scale
            if self._agreed is not None and view.whole.is_floor:
                size *= self._agreed.size_by(eye_height(view.room))
            return texture_planes(look, view.room, view.whole, mask, corner=corner, seed=seed, scale=size)

        lit, textures = together(light, texture)
        box = (corner[0], corner[0] + mask.shape[0], corner[1], corner[1] + mask.shape[1])
        sheen = SHEEN + (sheen_on(view.whole, look, view.room, box) if textures is None else 0.0)
        return lit, textures, sheen

    def _seen(self, part: Rgb, mask: Hard, long_px: int) -> "_Seen":
        """What the light is found on: the part of the photo round the mask, of a large photo on a reduced copy."""
        height, width = mask.shape
        shrink, sampled = 1.0, None
        if long_px > _WHOLE_PX:
            shrink = long_px / _LIGHT_PX
            small_wh = (max(1, round(width / shrink)), max(1, round(height / shrink)))
            sampled = cv2.resize(part, small_wh, interpolation=cv2.INTER_NEAREST)
            part = cv2.resize(part, small_wh, interpolation=cv2.INTER_AREA)
            # Only what is all in the mask: thin things that it leaves out (handles, legs) must not close.
            share = cv2.resize(mask.view(np.uint8) * np.uint8(255), small_wh, interpolation=cv2.INTER_AREA)
            mask = share == 255 if (share == 255).any() else share == share.max()
        return _Seen(part, mask, sampled, max(3.0, self.rim_frac * long_px) / shrink, long_px / shrink, shrink)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What a photo shows of its room round a mask.

    Args:
        room: The camera.
        whole: The plane of the mask as a whole.
        expected: The light to expect on it.
        tint: [3] the colour cast of that.
        contrast: Of the photo, as in `light_on`.
    """

    room: Room
    whole: RoomPlane
    expected: float
    tint: FloatImage
    contrast: float

    def log_albedo(self, photo: Rgb, corner: Hw, size_hw: Hw, shrink: float) -> FloatImage:
        """[*size_hw, 3] as `light_on` takes it, for a part of the photo with this corner, reduced by `shrink`."""
        where = (photo.shape[0] / shrink, photo.shape[1] / shrink), (corner[0] / shrink, corner[1] / shrink)
        return enlarged_part(self.room.surfaces.log_albedo, *where, size_hw)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the light on a mask is found on; fields as the arguments of `old_surface`, and how much smaller it is."""

    part: Rgb
    mask: Hard
    sampled: Rgb | None
    rim_px: float
    long_px: float
    shrink: float


def _part_of(photo: Rgb, hard: Hard) -> tuple[Hw, Hard]:
    """The corner of the part of a photo round a mask that is not empty, and the mask in that part."""
    margin = max(8, max(photo.shape[:2]) // 40)
    y0, y1, x0, x1 = bounds(hard)
    y0, x0 = max(0, y0 - margin), max(0, x0 - margin)
    return (y0, x0), hard[y0 : y1 + margin, x0 : x1 + margin]


def _legible(part: Rgb, photo: Rgb, mask: Hard) -> Rgb:
    """A part of a photo, round a mask, as light is read from it: without what levels near black and white overstate."""
    return calm_darks(below_white(np.ascontiguousarray(part)), photo, mask)


def _view_of(photo: Rgb, hard: Hard, corner: Hw, mask: Hard, *, boards: bool) -> _View:
    """What a photo shows round a mask; `boards` as in `main_plane`."""
    small, _ = downscale(photo, 384)
    small_mask = cv2.resize(hard.astype(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    expected, tint = expected_light(small, small_mask)
    expected = expected_below_white(small, expected)
    room = room_of(*downscale(photo, 768))
    whole = main_plane(mask, room, (photo.shape[0], photo.shape[1]), corner, boards=boards)
    if whole.faces_up:
        # A horizontal surface faces the ceiling and the sky (measured on rendered floors and worktops).
        expected += FLOOR_GAIN if whole.is_floor else TOP_GAIN
    return _View(room, whole, expected, tint, contrast_beyond(small, room.surfaces.log_albedo))
