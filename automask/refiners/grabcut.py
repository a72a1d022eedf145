"""Fits heat to the photo's edges with OpenCV's GrabCut; needs no weights."""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from automask.errors import ConfigError
from automask.images.borders import content_box
from automask.images.colour import BAND_PX
from automask.images.filters import enlarge_guided, guided_coefficients
from automask.images.threads import in_threads
from automask.masking.boxes import tight_box, union_of
from automask.types import Box, Hard, Heat, Rgb

Floats: TypeAlias = npt.NDArray[np.float32]
Bytes: TypeAlias = npt.NDArray[np.uint8]

# All measured on twelve rendered rooms and three kitchens with the starter's heat; lengths are shares of the long side.
_CARVE_PX = 2000  # larger photos are carved at this size: it makes 24 megapixels as cheap as three
_AROUND_FRAC = 0.03  # radius of the mask's mean colour around a pixel: wider than a stool leg, narrower than a door
_FOREIGN = 12.0  # distance in Lab's a and b; 10 to 14 remove the same pixels, and JPEG noise stays below 6
_SPREAD = 4.5  # and this many times the mask's local variance: the grain of wood is not foreign to it
_OWN = 0.01  # a colour with this share of the remaining mask is its own: without this, pictures lose 0.05 of IoU
_EXPECTED = 0.8  # least expected IoU of the heat's own mask for full trust in GrabCut
_LESS_TRUST = 0.4  # otherwise. On 50 NYU photos full trust everywhere cost ceilings 0.02 and plants 0.05 of IoU
_MAX_CARVED = 0.1  # an object that would lose a larger share is thin itself, such as a plant or a chandelier
_LEAST_VARIETY = 0.1  # a plain or drawn picture has no edges to cut along, and its ties keep GrabCut busy for minutes
_SPECK_FRAC = 0.004  # less than a square of this side is grain or noise


class GrabCut:
    """Segments each phrase along the photo's edges, seeded by its heat, inside its boxes.

    GrabCut runs on a reduced photo (at full size it takes seconds); a guided filter scales its result up, so that the
    border follows the photo's own edge. If GrabCut disagrees strongly with the heat, the heat wins.

    Args:
        work_px: Long side of the reduced photo.
        iterations: Rounds of GrabCut.
        level: Heat at or above this is the object where the photo shows no edge; 0..1. A level above `boxes.threshold`
            would lose weak finds again.
        sure: Heat at or above this is certainly the object; 0..1.
        unsure: Heat below this is certainly not; 0..1.
        min_iou: If the intersection over union of GrabCut's mask and the thresholded heat is below this, the heat's
            mask is used.
        trust: Share of GrabCut's mask in the map that is scaled up; the remainder is the heat's. If the heat is
            uncertain (dim, blurred photos), the share is at most 0.4: GrabCut then decides only where heat is within
            0.08 of the level.
        reach_px: How far, in reduced pixels, GrabCut may move the heat's border.
        radius_px: Window of the guided filter, in reduced pixels: how far a border may move to an edge.
        eps: Contrast (squared, of 0..1) below which the guided filter sees no edge.
        thin_frac: Thin parts up to this wide (share of the photo's long side) whose colour differs from the mask around
            them are carved out: stool legs in front of an island, brass handles, twigs. No heat is fine enough to leave
            them out. Parts that differ only in lightness stay, such as black handles on white doors: so do the gaps
            between doors, fluting and shadows, which belong to the object. 0 carves nothing.

    Raises:
        ConfigError: A value is out of its range.
    """

    def __init__(
        self,
        *,
        work_px: int = 640,
        iterations: int = 1,
        level: float = 0.35,
        sure: float = 0.8,
        unsure: float = 0.1,
        min_iou: float = 0.6,
        trust: float = 0.7,
        reach_px: float = 14.0,
        radius_px: int = 4,
        eps: float = 0.0005,
        thin_frac: float = 0.012,
    ) -> None:
        if not work_px >= 16:
            raise ConfigError(f"refiner.work_px is {work_px}", hint="give at least 16; 640 is usual")
        for name, least in (("iterations", iterations), ("reach_px", reach_px), ("radius_px", radius_px)):
            if not least >= 0:
                raise ConfigError(f"refiner.{name} is {least}", hint="give 0 or more")
        shares = {
            "level": level,
            "sure": sure,
            "unsure": unsure,
            "min_iou": min_iou,
            "trust": trust,
            "thin_frac": thin_frac,
        }
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ConfigError(f"refiner.{name} is {share}", hint="give a share from 0 to 1")
        if unsure > sure:
            raise ConfigError(
                f"refiner.unsure is {unsure}, above refiner.sure {sure}", hint="give an unsure of at most sure"
            )
        if not eps > 0:
            raise ConfigError(f"refiner.eps is {eps}", hint="give more than 0; 0.0005 is usual")
        self.work_px = work_px
        self.iterations = iterations
        self.level = level
        self.sure = sure
        self.unsure = unsure
        self.min_iou = min_iou
        self.trust = trust
        self.reach_px = reach_px
        self.radius_px = radius_px
        self.eps = eps
        self.thin_frac = thin_frac

    def refine(self, photo: Rgb, heats: Heat, boxes: Sequence[tuple[Box, ...]]) -> Hard:
        """The pixels of each phrase, inside its boxes.

        Args:
            photo: [H, W, 3] uint8 RGB, read-only.
            heats: [N, H, W] float32 in 0..1.
            boxes: For each phrase the boxes around its hot blobs.

        Returns:
            [N, H, W] bool; all False for a phrase without boxes, and on bars and a frame round the photo.
        """
        out = np.zeros(heats.shape, np.bool_)
        content = content_box(photo)
        if (content.height, content.width) != photo.shape[:2]:
            rows, columns = content.slices
            moved = [tuple(filter(None, (_common(box, content) for box in found))) for found in boxes]
            out[:, rows, columns] = self.refine(photo[rows, columns], heats[:, rows, columns], moved)
            return out
        height, width = photo.shape[:2]
        scale = min(1.0, self.work_px / max(height, width))
        small_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(photo, small_wh, interpolation=cv2.INTER_AREA) if scale < 1 else photo

        def refine_one(k: int) -> None:
            kept = [box for box in boxes[k] if box.width > 0 and box.height > 0]
            if kept:
                self._refine_one(photo, small, heats[k], kept, out[k])
                if self.thin_frac > 0:
                    thin = _foreign_and_thin(photo, out[k], self.thin_frac)
                    if np.count_nonzero(thin) <= _MAX_CARVED * np.count_nonzero(out[k]):
                        out[k] &= ~thin

        in_threads(refine_one, range(len(boxes)))
        return out

    def _refine_one(self, photo: Rgb, small: Rgb, heat: Heat, boxes: Sequence[Box], out: Hard) -> None:
        height, width = photo.shape[:2]
        small_h, small_w = small.shape[:2]
        allowed = np.zeros((height, width), np.bool_)
        for box in boxes:
            allowed[box.slices] = True
        heat_s: Floats = cv2.resize(heat, (small_w, small_h), interpolation=cv2.INTER_AREA)
        allowed_s = cv2.resize(allowed.astype(np.uint8), (small_w, small_h), interpolation=cv2.INTER_NEAREST) > 0
        # GrabCut needs background to learn from, so it sees the boxes and a margin, and nothing else of the photo.
        margin = max(8, small_w // 20)
        around = union_of(boxes)
        y0 = max(0, around.y0 * small_h // height - margin)
        x0 = max(0, around.x0 * small_w // width - margin)
        y1 = min(small_h, -(-around.y1 * small_h // height) + margin)
        x1 = min(small_w, -(-around.x1 * small_w // width) + margin)
        view = np.s_[y0:y1, x0:x1]
        share = self._share(small[view], heat_s[view], allowed_s[view])
        gain, level = guided_coefficients(small[view], share, self.radius_px, self.eps)

        band = max(1, BAND_PX // width)
        for top in range(y0 * height // small_h, -(-y1 * height // small_h), band):
            rows = (top, top + band)
            part, full, _ = enlarge_guided(photo, gain, level, (small_w, small_h), Box(x0, y0, x1, y1), rows)
            out[part] = (full >= 0.5) & allowed[part]

    def _share(self, photo: Rgb, heat: Heat, allowed: Hard) -> Floats:
        """[h, w] float32 in 0..1: GrabCut's mask mixed with the heat, or the heat alone if that is better."""
        inside = np.where(allowed, heat, 0).astype(np.float32)
        hot = inside >= self.level
        # Keeps the level at one half, and turns a long gentle slope of heat into a border that the photo may move.
        alone: Floats = np.clip((inside - self.level) * 4 + 0.5, 0, 1).astype(np.float32)
        labels: Bytes = np.full(heat.shape, cv2.GC_PR_BGD, np.uint8)
        labels[hot] = cv2.GC_PR_FGD
        labels[inside < self.unsure] = cv2.GC_BGD
        labels[inside >= self.sure] = cv2.GC_FGD
        # Each side's colour model has five Gaussians, which need a few pixels each.
        foreground = int(np.count_nonzero(labels & 1))
        if foreground < 30 or labels.size - foreground < 30 or _variety(photo) < _LEAST_VARIETY:
            return alone
        try:
            # grabCut initialises its colour models by k-means, which draws from OpenCV's own generator: without this
            # the mask would depend on what ran before. Each thread has its own, and nothing else here uses it.
            cv2.setRNGSeed(0)
            cv2.grabCut(
                np.ascontiguousarray(photo),
                labels,
                None,
                np.zeros((1, 65)),
                np.zeros((1, 65)),
                self.iterations,
                cv2.GC_INIT_WITH_MASK,
            )
        except cv2.error:
            return alone  # on a flat picture a Gaussian may be degenerate; the heat is still usable
        # By colour alone a white ceiling joins the white wall below, so far from the heat's border the heat decides.
        border = np.minimum(_depth(hot), _depth(~hot))
        cut = np.where(border <= self.reach_px, (labels & 1).astype(np.bool_) & allowed, hot)
        union = int(np.count_nonzero(cut | hot))
        if union == 0 or np.count_nonzero(cut & hot) < self.min_iou * union:
            return alone
        # The expected intersection over union of the heat's mask with the truth, if each pixel's heat is a probability.
        # If it is low, colours did not separate the object from the photo either.
        expected = float(inside[hot].sum() / (np.count_nonzero(hot) + inside[~hot].sum()))
        trust = self.trust if expected >= _EXPECTED else min(self.trust, _LESS_TRUST)
        mixed: Floats = (trust * cut.astype(np.float32) + (1 - trust) * alone).astype(np.float32)
        return mixed


def _common(box: Box, content: Box) -> Box | None:
    """What of a box is in the content, counted from the content's corner; None for nothing."""
    x0, y0 = max(box.x0, content.x0), max(box.y0, content.y0)
    x1, y1 = min(box.x1, content.x1), min(box.y1, content.y1)
    return Box(x0, y0, x1, y1).within(content) if x0 < x1 and y0 < y1 else None


def _variety(photo: Rgb) -> float:
    """Share of the patches of 2x2 px that no other is equal to, about: photos have 0.4 to 1, signs below 0.05.

    Patches are counted by a hash of 16 bits, so that it takes a few milliseconds.
    """
    if min(photo.shape[:2]) < 2:
        return 0.0
    colour = photo.astype(np.uint32) @ np.array([1, 256, 65536], np.uint32)
    corners = (colour[:-1, :-1], colour[:-1, 1:], colour[1:, :-1], colour[1:, 1:])
    patch = np.zeros(corners[0].shape, np.uint32)
    for corner in corners:
        patch = (patch ^ corner) * np.uint32(0x9E3779B1)  # Knuth's multiplier, which wraps
        patch ^= patch >> np.uint32(15)
    counts = np.bincount((patch >> np.uint32(16)).reshape(-1), minlength=1 << 16)
    return float(np.count_nonzero(counts) / min(patch.size, counts.size))


def _depth(part: Hard) -> Floats:
    """Distance of each pixel from the outside of a part, in px; inf outside the part."""
    distance: Floats = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 3)
    return np.where(part, distance, np.float32(np.inf))


def _foreign_and_thin(photo: Rgb, hard: Hard, thin_frac: float) -> Hard:
    """[H, W] bool: the thin parts of a mask whose colour occurs neither in the mask around them nor elsewhere in it.

    Lightness is ignored: within one object it varies more than hue.
    """
    found = np.zeros_like(hard)
    around = tight_box(hard)
    if around is None:
        return found
    view = around.slices
    long = max(hard.shape)
    mask: Bytes = np.ascontiguousarray(hard[view]).view(np.uint8)
    part = np.ascontiguousarray(photo[view])
    full_wh = (mask.shape[1], mask.shape[0])
    if long > _CARVE_PX:
        scale = _CARVE_PX / long
        reduced_wh = (max(1, round(full_wh[0] * scale)), max(1, round(full_wh[1] * scale)))
        mask = cv2.resize(mask, reduced_wh, interpolation=cv2.INTER_NEAREST)
        part = cv2.resize(part, reduced_wh, interpolation=cv2.INTER_AREA)
        long = _CARVE_PX
    thin = _thin_in(part, mask.view(np.bool_), long, thin_frac).view(np.uint8)
    if thin.any():
        # Neighbouring pixels have half its colour.
        thin = cv2.dilate(thin, np.ones((3, 3), np.uint8))
        if mask.shape != hard[view].shape:
            thin = (cv2.resize(thin * np.uint8(255), full_wh, interpolation=cv2.INTER_LINEAR) >= 128).view(np.uint8)
        found[view] = thin.view(np.bool_) & hard[view]
    return found


def _thin_in(part: Rgb, mask: Hard, long: int, thin_frac: float) -> Hard:
    """The result of `_foreign_and_thin` for the part of the photo around the mask; `long` is the photo's long side."""
    radius = max(1, round(_AROUND_FRAC * long))
    weight: Floats = mask.astype(np.float32)

    def around(plane: Floats) -> Floats:
        window = (2 * radius + 1, 2 * radius + 1)
        blurred: Floats = cv2.blur(plane, window, borderType=cv2.BORDER_CONSTANT)
        return blurred

    near = np.maximum(around(weight), np.float32(1e-6))
    lab = cv2.cvtColor(part, cv2.COLOR_RGB2LAB)
    away = np.zeros(mask.shape, np.float32)
    for c in (1, 2):
        plane = lab[..., c].astype(np.float32) * weight
        plane -= around(plane) / near
        away += plane * plane
    # Capped, so that a few foreign pixels do not raise their own threshold.
    spread = around(np.minimum(away, np.float32(400)) * weight) / near
    foreign = mask & (away > np.maximum(np.float32(_FOREIGN**2), np.float32(_SPREAD) * spread))
    thin = _without_thick(foreign, thin_frac * long)
    if not thin.any():
        return thin

    # 32 by 32 bins of a and b, each 8 wide.
    bins = (lab[..., 1] >> 3).astype(np.intp) * 32 + (lab[..., 2] >> 3)
    counts = np.bincount(bins[mask & ~thin], minlength=1024).astype(np.float32).reshape(32, 32)
    share = cv2.GaussianBlur(counts, (3, 3), 0) / max(1.0, float(counts.sum()))
    thin &= (share.reshape(-1) < _OWN)[bins]

    _, labels, stats, _ = cv2.connectedComponentsWithStats(thin.view(np.uint8), connectivity=8)
    stays = stats[:, cv2.CC_STAT_AREA] >= max(9.0, (_SPECK_FRAC * long) ** 2)
    stays[0] = False
    kept: Hard = stays[labels]
    return kept


def _without_thick(part: Hard, width_px: float) -> Hard:
    """The parts into which no disc of that width fits; thicker parts are removed with their rims."""
    radius = (max(1.0, width_px) + 1) / 2  # the middle of a line n px wide is (n + 1) / 2 px from the outside
    # Padded with zeros: beyond the border there is no mask.
    depth = cv2.distanceTransform(np.pad(part, 1).view(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    core = depth > radius
    if not core.any():
        return part
    beyond: Hard = cv2.distanceTransform((~core).view(np.uint8), cv2.DIST_L2, 3) > 2 * radius + 1
    return part & beyond
