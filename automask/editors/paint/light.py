"""Separates the light on a surface from its reflectance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from automask.editors.paint.agreement import Agreement, Reflectance
from automask.editors.paint.edges import PERCEPTUAL, Rim, cover_of, distance_to_surface
from automask.editors.paint.tone import LIGHT_BASE, LIGHT_SLOPE, LINEAR, LUMA, SHEEN, WHITEST, scene_of_linear
from automask.images.filters import box, dot, guided, guided_lines, spread
from automask.types import FloatImage, Hard, Labels, Rgb


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """The light on the masked surface, as logarithms of scene light.

    Args:
        illumination: [h, w, 3] in red, green and blue: what a reflectance of 1 gives back.
        shade: [h, w] shading, to be added to the illumination.
        highlights: [h, w] scene light (not its logarithm), the same on any reflectance.
        rim: How much of each pixel is the surface, and what else it shows.
        scene: [h, w] logarithm of the scene light that the photo shows.
        fine: [h, w] how much of what a larger photo shows beyond `scene` is shade too.
    """

    illumination: FloatImage
    shade: FloatImage
    highlights: FloatImage
    rim: Rim
    scene: FloatImage
    fine: FloatImage


def downscale(photo: Rgb, long_px: int) -> tuple[Rgb, float]:
    """The photo with a long side of about `long_px`, never enlarged, and the factor by which it is smaller."""
    shrink = max(1.0, max(photo.shape[:2]) / long_px)
    size_wh = (max(1, round(photo.shape[1] / shrink)), max(1, round(photo.shape[0] / shrink)))
    return cv2.resize(photo, size_wh, interpolation=cv2.INTER_AREA), shrink


def expected_light(small: Rgb, mask: Hard) -> tuple[float, FloatImage]:
    """The light to expect on the masked surface of a reduced photo, and [3] its colour cast.

    The light is the photo's own (its 75th percentile), moved by 0.4 towards that on the whites round the mask, where
    there are any. The cast is that of near-neutral bright pixels (walls, ceilings, trim), weighted to the most neutral
    and the nearest, and multiplied by 0.6: a room's white paint may itself be warm.
    """
    linear = LINEAR[small]
    luma = linear @ LUMA
    scene = scene_of_linear(luma)
    expected = LIGHT_BASE + LIGHT_SLOPE * float(
        scene_of_linear(np.array([[np.percentile(luma, 75)]], np.float32))[0, 0]
    )
    off = np.stack([scene_of_linear(np.ascontiguousarray(linear[..., c])) for c in range(3)], -1) - scene[..., None]
    pale = np.exp(-((np.abs(off).max(-1) / 0.4) ** 2)) * (linear.max(-1) < 0.97)
    reach = max(3, max(small.shape[:2]) // 8)
    touched = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    near = (cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0) & ~touched
    whites = scene[near & (pale > 0.5)]
    if len(whites) > 0.04 * near.sum() and len(whites) > 20:
        white = float(np.percentile(whites, 75)) - math.log(0.8)
        expected += 0.4 * min(max(white - expected, -0.3), 0.6)
    weight = pale * (luma > np.percentile(luma, 50)) * np.where(near, 3, 1) * ~touched
    total = float(weight.sum(dtype=np.float64))
    tint = (off * weight[..., None]).sum((0, 1), dtype=np.float64) / total if total > 1 else np.zeros(3)
    return expected, (0.6 * np.clip(tint, -0.4, 0.4)).astype(np.float32)


def contrast_beyond(small: Rgb, log_albedo: FloatImage) -> float:
    """By how much a photo has more contrast than the curve that is undone here; 0 is the same, -0.2 a fifth less.

    Cameras, and those who work on photos, make white and black differ by more or less. It shows in how steeply
    brightness rises with the reflectance that the net sees, and in how dark the darkest parts are.

    Args:
        small: [h, w, 3] uint8, the photo reduced.
        log_albedo: [m, n, 3] of the whole photo, as in `SurfacePrediction`.
    """
    size_wh = (log_albedo.shape[1], log_albedo.shape[0])
    scene = scene_of_linear(cv2.resize(LINEAR[small] @ LUMA, size_wh, interpolation=cv2.INTER_AREA))
    seen = scene < _CLIPPED
    if int(seen.sum()) < 100:
        return 0.0
    lower, middle = np.percentile(scene, (5, 50))
    reflectance, brightness = log_albedo[..., 0][seen].astype(np.float64), scene[seen].astype(np.float64)
    reflectance -= reflectance.mean()
    variance = float((reflectance**2).mean())
    slope = float((reflectance * (brightness - brightness.mean())).mean()) / max(variance, 1e-6)
    beyond = _CONTRAST[0] + _CONTRAST[1] * slope + _CONTRAST[2] * float(lower - middle)
    # A photo of few tones says little of its curve.
    sure = min(max((variance - _TONES[0]) / (_TONES[1] - _TONES[0]), 0.0), 1.0)
    return sure * min(max(beyond, _CONTRASTS[0]), _CONTRASTS[1])


# Fitted on 362 things of 137 rendered rooms that were put into the looks of cameras (other curves, exposures, white
# balance, merged exposures), by the light that gives the right result: 0.29 off before, 0.25 after in rooms kept apart.
_CONTRAST, _CONTRASTS = (-0.446, 0.276, -0.079), (-0.3, 0.1)
_TONES = (0.2, 0.8)  # variance of the logarithm of reflectance: nine in ten rooms have more than 0.4
_CLIPPED = 2.5
_MOST_APART = 3.0  # beyond, the logarithm of an old reflectance is noise


def _clusters(features: FloatImage, most: int = 3) -> FloatImage:
    """Centres of the old materials: k-means from spread-out percentiles, near ones merged, rare ones dropped."""
    order = np.argsort(features[:, 0], kind="stable")
    centres = features[order[[int((k + 0.5) / most * (len(order) - 1)) for k in range(most)]]].astype(np.float64)
    label = np.zeros(0, np.intp)
    for _ in range(12):
        before, label = label, _nearest(features, centres)
        if np.array_equal(before, label):
            break
        for k in range(len(centres)):
            if (label == k).any():
                centres[k] = np.median(features[label == k], axis=0)
    label = _nearest(features, centres)
    shares = np.bincount(label, minlength=len(centres)) / len(label)
    kept = [k for k in range(len(centres)) if shares[k] > 0.04]
    merged = True
    while merged and len(kept) > 1:
        merged = False
        pairs = [
            (float(((centres[a] - centres[b]) ** 2).sum()), a, b) for i, a in enumerate(kept) for b in kept[i + 1 :]
        ]
        gap, a, b = min(pairs)
        if gap < 1.1**2:
            both = shares[a] + shares[b]
            centres[a] = (centres[a] * shares[a] + centres[b] * shares[b]) / both
            shares[a] = both
            kept.remove(b)
            merged = True
    return centres[kept].astype(np.float32)


def _nearest(features: FloatImage, centres: npt.NDArray[np.float64]) -> Labels:
    """[n] the nearest of the [k, 3] centres to each of [n, 3]; NumPy sums a short last axis ten times as slowly."""
    apart = [np.square(features[:, c, None] - centres[:, c]) for c in range(3)]
    return np.asarray((apart[0] + apart[1] + apart[2]).argmin(1))


def _interior(hard: Hard, radius: float) -> Hard:
    """The mask without its rim, which may show the neighbours; a part thinner than the rim keeps its middle."""
    distance = cv2.distanceTransform(np.pad(hard, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    side = 2 * math.ceil(radius) + 3
    ridge = cv2.dilate(distance, np.ones((side, side), np.uint8))
    return np.asarray(distance >= np.minimum(np.float32(radius), np.float32(0.6) * ridge)) & hard


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """One of the old materials under the mask, as the photo shows it.

    Args:
        share: [h, w] in 0..1, its share of each pixel.
        here: [h, w] bool, the pixels that mostly show it.
        brightness: Its median, the logarithm of scene light.
        colour: [3] the medians of its channels, likewise.
        grainy: 0..1, the confidence that its texture is wood grain.
    """

    share: FloatImage
    here: Hard
    brightness: float
    colour: FloatImage
    grainy: float


@dataclass(frozen=True, slots=True, eq=False)
class OldSurface:
    """A masked surface as the photo shows it, before anything is known of the room.

    Args:
        scene: [h, w] logarithm of scene light.
        single: [h, w] the same of single pixels, where the photo was reduced; otherwise None.
        inner: [h, w] bool: the mask without its rim.
        rim: As in `Light`.
        materials: What it is made of.
        window, reach: Widths, in px, of what smooths light and of what is near.
        long_px: The photo's long side.
    """

    scene: FloatImage
    single: FloatImage | None
    inner: Hard
    rim: Rim
    materials: tuple[_Material, ...]
    window: int
    reach: int
    long_px: float


def _materials(part: Rgb, scene: FloatImage, inner: Hard, window: int) -> list[_Material]:
    """The old materials of a part of a photo, whose brightness is `scene`."""
    weight = inner.astype(np.float32)
    # Clustered on a smoothed picture, so that grain and grooves do not count as materials.
    logs = np.asarray(cv2.LUT(part, cv2.log(LINEAR[None] + np.float32(0.01))), np.float32)
    features = spread(np.stack([scene, logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1), weight, window)
    samples = features[inner]
    centres = _clusters(samples[:: max(1, len(samples) // 4000)])
    label = _first_least([_squares(cv2.subtract(features, centre.astype(np.float64))) for centre in centres])
    del logs, features, samples
    shares = np.ones((1, *scene.shape), np.float32)
    if len(centres) > 1:
        # The borders between them are the photo's own edges.
        parts = [(label == k).astype(np.float32) for k in range(len(centres))]
        shares = np.stack([np.clip(guided(scene, part, weight, window, 0.02), 1e-4, 1) for part in parts])
        shares /= shares.sum(0)
        label = _first_least([-share for share in shares])
    out = []
    for k, centre in enumerate(centres):
        here = (label == k) & inner
        if not here.any():
            here = inner
        colour = _median_scene(part, here)
        grainy = min(max((float(centre[1] - centre[2]) - 0.5) / 0.5, 0.0), 1.0)  # wood is warm: red well over blue
        out.append(_Material(shares[k], here, float(np.median(scene[here])), colour, grainy))
    return out


def _first_least(planes: Sequence[FloatImage]) -> npt.NDArray[np.uint8]:
    """[h, w] which of a few planes is the least, the first of equal ones; NumPy's argmin takes twice as long."""
    label, least = np.zeros(planes[0].shape, np.uint8), planes[0]
    for index, plane in enumerate(planes[1:], 1):
        label[plane < least] = index
        least = np.minimum(least, plane)
    return label


def _median_scene(part: Rgb, here: Hard) -> FloatImage:
    """[3] the medians over some pixels of the logarithms of scene light of R, G and B, from counts of their levels."""
    scene = scene_of_linear(LINEAR[None])[0]
    mask = here.view(np.uint8)
    middle = np.count_nonzero(here)
    middles = [(middle - 1) // 2, middle // 2]
    counts = [cv2.calcHist([part], [c], mask, [256], [0, 256]).ravel() for c in range(3)]
    levels = [np.searchsorted(np.cumsum(one.astype(np.int64)), middles, side="right") for one in counts]
    return np.asarray(scene[np.stack(levels)].mean(1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Lit:
    """The light on an old material.

    Args:
        illumination: The logarithm of scene light.
        tint: [3] its colour, relative to its luminance.
        reflectance: What the material reflects: brightness over light.
    """

    illumination: float
    tint: FloatImage
    reflectance: Reflectance


def _lit(
    old: _Material,
    *,
    expected: float,
    tint: FloatImage,
    log_albedo: FloatImage,
    faces_up: bool,
    agreed: Agreement | None = None,
) -> _Lit:
    """The light on an old material; with an agreement it is what the photo shows over that."""
    albedo = np.median(log_albedo[old.here], axis=0)
    by_net = old.brightness - math.log(math.exp(albedo[0]) + _GLOSS)
    # Where they differ much the net is likelier wrong: it was not trained on such a surface.
    most = _MORE_ON_TOPS if faces_up else _LEVELS_APART
    light = expected + _NET_LEVEL * min(max(by_net - expected, -_LEVELS_APART), most)
    light = max(light, old.brightness - math.log(WHITEST))
    difference = np.clip(_tint(old.colour, albedo) - tint, -_TINTS_APART, _TINTS_APART)
    cast = np.asarray(tint + np.float32(_NET_TINT) * difference, np.float32)
    # A slight yellow is more often the colour of the whites than of the light; a strong one is the light's.
    cast[2] *= abs(cast[2]) / (abs(cast[2]) + _YELLOW)
    reflectance = _reflectance(old.brightness - light, old.colour - light - cast)
    if agreed is not None:
        reflectance = agreed.nearest(reflectance)
        light = old.brightness - reflectance[0]
        cast = np.asarray(old.colour - light - np.array(reflectance[1:]), np.float32)
    return _Lit(float(light), cast, reflectance)


def _reflectance(luminance: float, rgb: FloatImage) -> Reflectance:
    red, green, blue = (float(value) for value in rgb)
    return float(luminance), red, green, blue


def _squares(colours: FloatImage) -> FloatImage:
    return dot(colours, colours)


# The light on a surface and its colour are estimated from the other surfaces of the room and from the net's reflectance
# (surfaces.py). The net's weight, and the difference at which it is clipped, were fitted on 57 rendered pairs: the
# logarithm of the light is 0.42 off by the room alone, 0.27 by the net alone, less by both.
_NET_LEVEL, _LEVELS_APART = 0.8, 0.8
# The net often takes a pale floor for a dark one in strong light: what faces up is never believed to get much more
# light than the room says. Chosen on the 6 such pairs of the tuning half (the light 0.19 off before, 0.14 after), and
# checked on 8 others, of which 4 are of rooms in other looks (0.41 before, 0.31 after).
_MORE_ON_TOPS = 0.4
_NET_TINT, _TINTS_APART = 0.5, 0.15
_YELLOW = 0.07
_GLOSS = 0.012  # what a surface of no reflectance gives back all the same: measured as above


def _tint(seen: FloatImage, albedo: FloatImage) -> FloatImage:
    """[3] the colour of the light on a surface, about its luminance, from its colour and its logarithmic reflectance.

    Args:
        seen: [3] the medians of its channels, logarithms of scene light.
        albedo: [3] as in `SurfacePrediction`.
    """
    colour = np.exp(np.array([albedo[1], 0.0, albedo[2]], np.float32))
    light = seen - np.log(colour / (colour @ LUMA))
    return np.asarray(light - np.log(np.exp(light) @ LUMA), np.float32)


def _shade(
    relative: FloatImage,
    sampled: FloatImage,
    grainy: FloatImage,
    inner: Hard,
    long_px: float,
    *,
    joints: bool,
    lost: FloatImage | None,
) -> tuple[FloatImage, FloatImage]:
    """Light and shade without the old texture: grain (and `joints`) are flattened, panel edges and shadows are kept.

    Args:
        relative: [h, w] the brightness over that of the old materials.
        sampled: [h, w] the same of single pixels of a photo that was reduced: with its grain.
        grainy: [h, w] in 0..1.
        inner: [h, w] bool.
        long_px: The photo's long side.
        joints: See `light_on`.
        lost: As in `guided_lines`.

    Returns:
        [h, w] the shade, and [h, w] how much of a fine difference of brightness is left in it.
    """
    weight = inner.astype(np.float32)
    window = max(3, round(long_px / 90))
    slope, level = guided_lines(relative, relative, weight, max(1, round(long_px / 700)), 0.03**2, lost=lost)
    denoised = np.asarray(slope * relative + level, np.float32)
    if float(grainy.max()) < 0.05:
        return denoised, slope
    # Smoothing whose threshold is the texture's own amplitude.
    rough = np.abs(sampled - box(relative, window))[inner]
    amplitude = float(np.percentile(rough, 60)) * 1.5
    flat_slope, level = guided_lines(relative, relative, weight, window, max(0.02, (2.2 * amplitude) ** 2))
    flat = np.asarray(flat_slope * relative + level, np.float32)
    # What the flattening removed is restored where it is deeper than the texture (shadows under handles), and along
    # straight lines, which grain is not: the gaps between fronts.
    removed = np.minimum(denoised - flat, 0)
    gaps = np.float32(0) if joints else _gaps(relative, removed, amplitude, long_px)
    flat = flat + np.minimum(removed + np.float32(2.8 * amplitude + 0.1) * (1 - gaps), 0)
    shade: FloatImage = denoised + grainy * (flat - denoised)
    return shade, np.asarray(slope + grainy * (flat_slope - slope), np.float32)


def old_surface(part: Rgb, mask: Hard, *, rim_px: float, long_px: float, sampled: Rgb | None = None) -> OldSurface:
    """The masked surface of a photo as it is.

    Args:
        part: [h, w, 3] uint8, the photo round the mask.
        mask: [h, w] bool.
        rim_px: Width of the mask's rim that may show neighbours.
        long_px: The photo's long side.
        sampled: [h, w, 3] uint8 single pixels of a photo that was reduced: its grain and noise. None at full size.
    """
    linear = np.asarray(cv2.LUT(part, LINEAR), np.float32)
    scene = scene_of_linear(cv2.transform(linear, LUMA[None]))
    inner = _interior(mask, rim_px)
    window = max(3, round(long_px / 90))
    reach = max(2, round(2 * rim_px))
    materials = _materials(part, scene, inner, window)

    perceptual = cv2.transform(linear, PERCEPTUAL)
    del linear  # here and below: what is not needed any more would be a third of the memory
    foreign, colour = np.full_like(scene, np.inf), np.zeros_like(perceptual)
    for material in materials:
        here = material.here.astype(np.float32)
        near = spread(perceptual, here, reach)
        off = distance_to_surface(perceptual, near) + np.where(box(here, reach) > 1e-3, np.float32(0), np.float32(1e3))
        closer = off < foreign
        foreign = np.where(closer, off, foreign)
        colour = np.asarray(cv2.copyTo(near, closer.astype(np.uint8), colour))
        del near, off, closer, here

    rim = cover_of(perceptual, colour, foreign, mask, inner, max(1, round(long_px / 500)))
    del perceptual, colour, foreign
    single = None
    if sampled is not None:
        single = scene_of_linear(cv2.transform(np.asarray(cv2.LUT(sampled, LINEAR), np.float32), LUMA[None]))
    return OldSurface(scene, single, inner, rim, tuple(materials), window, reach, long_px)


def light_on(
    old: OldSurface,
    *,
    expected: float,
    tint: FloatImage,
    log_albedo: FloatImage,
    faces_up: bool,
    contrast: float,
    target: float,
    gloss: float | None,
    joints: bool,
    agreed: Agreement | None = None,
) -> Light:
    """The light on a masked surface, for a new surface of reflectance `target`.

    Args:
        old: The surface.
        expected: The light to expect in this photo.
        tint: [3] its colour cast.
        log_albedo: [h, w, 3] the net's estimate of the old surface's reflectance, as in `SurfacePrediction`.
        faces_up: It is a floor or a worktop.
        contrast: Of the photo, as `contrast_beyond` says it.
        target: The new reflectance, 0..1.
        gloss: Of the new surface, as in `Look`.
        joints: The old surface is a floor that gets new boards: its joints are old texture too.
        agreed: What photos of the same room agree on, where there are several.
    """
    scene, inner, rim, materials = old.scene, old.inner, old.rim, old.materials
    window, reach, long_px = old.window, old.reach, old.long_px
    weight = inner.astype(np.float32)
    brightness, grainy, keep_low, keep_high = (np.zeros_like(scene) for _ in range(4))
    illumination = np.zeros((*scene.shape, 3), np.float32)
    for material in materials:
        lit = _lit(material, expected=expected, tint=tint, log_albedo=log_albedo, faces_up=faces_up, agreed=agreed)
        rho = min(math.exp(material.brightness - lit.illumination), 1.0)
        low, high = _contrast(rho, target)
        brightness += material.share * np.float32(material.brightness)
        # A surface lights itself and its neighbours' shadows back: whiter is a little brighter (measured on pairs).
        # A photo of less contrast shows less of the difference between them.
        apart = min(max(math.log((target + SHEEN) / max(rho, 1e-3)), -_MOST_APART), _MOST_APART)
        level = lit.illumination + 0.15 * (target - rho) + contrast * apart
        illumination += material.share[..., None] * (lit.tint + np.float32(level))
        grainy += material.share * np.float32(material.grainy)
        keep_low += material.share * np.float32(low)
        keep_high += material.share * np.float32(high)

    relative = scene - brightness
    single, lost = relative, None
    if old.single is not None:
        single, lost = old.single - brightness, np.square(old.single - scene)
    grainy = np.ones_like(grainy) if joints else grainy
    shade, fine = _shade(relative, single, grainy, inner, long_px, joints=joints, lost=lost)
    if len(materials) > 1:
        # Where two of them meet, a finer difference is mostly their edge.
        most = np.maximum.reduce([material.share for material in materials])
        fine = fine * np.square(np.clip(2 * most - 1, 0, 1))
    # The rim may show a neighbour: it follows the inside, darker at most by a contact shadow.
    inside = spread(shade, weight, reach)
    shade = np.where(inner, shade, inside + rim.cover * np.clip(shade - inside, -0.5, 0.1))
    fine = np.where(inner, fine, rim.cover * fine)
    base = spread(shade, weight, window)
    top = base + np.float32(0.45)  # brighter is a highlight, which does not take the surface's colour
    highlights = np.maximum(np.exp(shade + brightness) - np.exp(top + brightness), 0)
    detail = np.minimum(shade, top) - base
    if gloss is not None:
        # Satin is what most surfaces in a room are: a matt one has half its small lights, a polished one twice.
        fine = np.where(detail > 0, np.float32(0.5 + 1.43 * gloss) * fine, fine)
        detail = np.where(detail > 0, np.float32(0.5 + 1.43 * gloss) * detail, detail)
        highlights = np.float32(0.1 + 2.57 * gloss) * highlights
    return Light(illumination, keep_low * base + keep_high * detail, highlights, rim, scene, keep_high * fine)


def materials_on(
    part: Rgb,
    mask: Hard,
    *,
    expected: float,
    tint: FloatImage,
    log_albedo: FloatImage,
    faces_up: bool,
    rim_px: float,
    long_px: float,
) -> list[tuple[float, Reflectance]]:
    """What the old materials under a mask reflect, with their shares; arguments as in `old_surface` and `light_on`."""
    linear = np.asarray(cv2.LUT(part, LINEAR), np.float32)
    scene = scene_of_linear(cv2.transform(linear, LUMA[None]))
    inner = _interior(mask, rim_px)
    window = max(3, round(long_px / 90))
    total = max(int(inner.sum()), 1)
    return [
        (
            int(one.here.sum()) / total,
            _lit(one, expected=expected, tint=tint, log_albedo=log_albedo, faces_up=faces_up).reflectance,
        )
        for one in _materials(part, scene, inner, window)
    ]


def _contrast(old: float, new: float) -> tuple[float, float]:
    """How much of the broad and of the fine shading of a surface is left when its reflectance goes from old to new.

    Light bounces between the parts of a white surface and fills its shadows, and a camera's curve flattens its lights;
    a dark one keeps both. What is seen on a very dark one is mostly gloss, which a lighter one does not show. Measured
    on 57 rendered pairs (slope of the new shading over the old where they correlate): broad shading keeps 0.3 to 0.8
    from black to lighter and gains 1.3 to 2 from white to darker, fine shading keeps 0.3 to 0.7 and, limited by noise,
    gains 0.7 to 1.5.
    """
    gloss = 1 - 0.6 * math.exp(-old / 0.05) if new > old else 1.0
    low = gloss * (1 - 0.5 * new) / (1 - 0.5 * old)
    high = gloss * (1 - 0.8 * new) / (1 - 0.8 * old)
    return min(low, 1.7), min(high, 1.15)


def _gaps(relative: FloatImage, removed: FloatImage, amplitude: float, long_px: float) -> FloatImage:
    """[h, w] 0..1: 1 along straight dark lines deeper than the texture."""
    out = np.zeros(relative.shape, np.uint8)
    grey = np.clip((relative + 1.2) * (255 / 2.0), 0, 255).astype(np.uint8)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE).detect(grey)[0]
    lines = np.zeros((0, 4)) if found is None else np.asarray(found, np.float64).reshape(-1, 4)
    along = lines[:, 2:] - lines[:, :2]
    length = np.hypot(along[:, 0], along[:, 1])
    lines, along, length = (each[length >= 0.018 * long_px] for each in (lines, along, length))
    # The gap's middle is a pixel or two to one side of the edge that was found: look on both.
    t = np.linspace(0.05, 0.95, 24)[None, None, :, None]
    aside = (np.stack([-along[:, 1], along[:, 0]], -1) / np.maximum(length, 1)[:, None])[:, None, None]
    points = lines[:, None, None, :2] + t * along[:, None, None] + np.arange(-2, 3)[None, :, None, None] * aside
    at = np.clip(np.rint(points), 0, np.array([removed.shape[1] - 1, removed.shape[0] - 1])).astype(np.int64)
    depth = np.median(removed[at[..., 1], at[..., 0]], axis=2).min(1, initial=0)
    width = 2 * max(1, round(long_px / 500)) + 1
    for line in np.rint(lines[depth < -(0.6 * amplitude + 0.05)] * 16).astype(np.int64).tolist():
        cv2.line(out, (line[0], line[1]), (line[2], line[3]), 255, width, cv2.LINE_AA, 4)
    return out.astype(np.float32) * np.float32(1 / 255)
