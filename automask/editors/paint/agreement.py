"""What the photos of one room agree on: what a surface reflects, and how high the camera is.

One photo leaves both open: the light on a wall and what the wall reflects only ever show as their product, and near and
small look like far and large. Each photo's estimate errs in its own way, so "sage walls" came out as one sage from one
corner and as another from the other. The wall itself is the same in all photos. So they are first measured, then agree
on what the old surface reflects, and from then on the light on it is what each photo shows over that: photos with other
exposures stay apart by just that, as photos of the repainted room would be.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from automask.errors import EditorError

Reflectance = tuple[float, float, float, float]
"""Logarithms of what an old material reflects: of luminance, red, green and blue."""

_SAME = 0.9
"""Materials of several photos are one where they are nearer than this; those of one photo are 1.1 apart or more."""
_ENOUGH = 0.25
"""A photo that shows less of a material than this share of what another shows has no say in it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What photos of one room agree on about one surface.

    Args:
        reflectances: Of the old materials, at least one where `measure` found any.
        eye_m: Height of the camera over the floor, which is what sizes on floors are read from; None where no photo
            shows enough of it.
    """

    reflectances: tuple[Reflectance, ...]
    eye_m: float | None

    @classmethod
    def parse(cls, plain: Any) -> "Agreement":
        """From the plain values that `agree` gives.

        Raises:
            EditorError: They are none.
        """
        try:
            reflectances = tuple((float(y), float(r), float(g), float(b)) for y, r, g, b in plain["reflectances"])
            eye_m = None if plain["eye_m"] is None else float(plain["eye_m"])
        except (TypeError, ValueError, KeyError) as error:
            raise EditorError(f"{plain!r} is no agreement of paint", hint="give what its agree() returned") from error
        return cls(reflectances, eye_m)

    def nearest(self, own: Reflectance) -> Reflectance:
        """What was agreed on for a material, by the photo's own estimate; that itself where nothing was."""
        return min(self.reflectances, key=lambda one: _distance(one, own), default=own)

    def size_by(self, own_eye_m: float | None) -> float:
        """By what a pattern on the floor is to be multiplied in a photo that has this estimate of its own."""
        return 1.0 if self.eye_m is None or own_eye_m is None else own_eye_m / self.eye_m


def agree(measured: Sequence[Any]) -> dict[str, Any]:
    """What photos agree on, by what `Paint.measure` said of each; plain values. Their order does not matter."""
    seen = [
        (float(share), number, (float(y), float(r), float(g), float(b)))
        for number, one in enumerate(measured)
        for share, y, r, g, b in one["materials"]
    ]
    groups: list[dict[int, tuple[float, Reflectance]]] = []
    for share, number, own in sorted(seen, key=lambda one: (-one[0], one[2])):
        free = [group for group in groups if number not in group]
        near = min(free, key=lambda group: _distance(_middle(group), own), default=None)
        if near is not None and _distance(_middle(near), own) < _SAME:
            near[number] = share, own
        else:
            groups.append({number: (share, own)})
    eyes = [float(one["eye_m"]) for one in measured if one["eye_m"] is not None]
    return {
        "reflectances": [[round(value, 4) for value in _middle(group)] for group in groups],
        "eye_m": round(math.exp(median(map(math.log, eyes))), 4) if eyes else None,
    }


def _middle(group: dict[int, tuple[float, Reflectance]]) -> Reflectance:
    most = max(share for share, _ in group.values())
    y, r, g, b = zip(*(own for share, own in group.values() if share >= _ENOUGH * most), strict=True)
    return median(y), median(r), median(g), median(b)


def _distance(one: Reflectance, other: Reflectance) -> float:
    """By luminance and the differences of channels, as light.py tells the materials of one photo apart."""
    (y0, r0, g0, b0), (y1, r1, g1, b1) = one, other
    return math.hypot(y0 - y1, (r0 - g0) - (r1 - g1), (b0 - g0) - (b1 - g1))
