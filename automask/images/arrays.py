"""How an array that is not a photo becomes one: the hint, by its dtype, range and shape."""

from typing import Any

import numpy as np
import numpy.typing as npt

_BIT_DEPTHS = (10, 12, 14, 16)


def array_hint(array: npt.NDArray[Any]) -> str:
    """What to do with an array that is not [H, W, 3] uint8, as an expression of `array` that gives the right picture.

    Args:
        array: Any shape with at least one item, any dtype.
    """
    if array.dtype.kind not in "buif":
        return "give the numbers 0..255 as [H, W, 3] uint8"
    if array.ndim == 4 and array.shape[0] == 1 and _has_colours(array[0]):
        return f"for a batch of one use {_as_photo(array[0], 'array[0]')[1]}"
    if not _has_colours(array):
        return "give height, width and the three colours, in this order"
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return "it holds values that are not numbers (NaN) or infinite: find out where they come from"
    said, expression = _as_photo(array, "array")
    if expression == "array[:, :, :3]":
        return "give array[:, :, :3], or PIL.Image.fromarray(array), whose alpha is then kept"
    return f"for {said} use {expression}" if said else f"give {expression}"


def _has_colours(array: npt.NDArray[Any]) -> bool:
    return array.ndim == 2 or (array.ndim == 3 and (array.shape[2] in {1, 3, 4} or array.shape[0] in {1, 3, 4}))


def _as_photo(array: npt.NDArray[Any], name: str) -> tuple[str, str]:
    """What the array seems to be, and the expression that makes a photo of it."""
    first = array.ndim == 3 and array.shape[0] in {1, 3, 4} and array.shape[2] not in {1, 3, 4}
    expression = f"{name}.transpose(1, 2, 0)" if first else name
    channels = 1 if array.ndim == 2 else array.shape[0 if first else 2]
    if channels == 4:
        expression += "[:, :, :3]"
    said, expression = _as_uint8(array, expression)
    kinds = [kind for kind in ("channels first" if first else "", said, "grey" if channels == 1 else "") if kind]
    if array.ndim == 2:
        expression = f"numpy.stack([{expression}] * 3, axis=2)"
    elif channels == 1:
        expression = f"numpy.repeat({expression}, 3, axis=2)"
    return ", ".join(kinds), expression


def _as_uint8(array: npt.NDArray[Any], name: str) -> tuple[str, str]:
    """The same for its values: 0..1, -1..1, 0..255, or as many bits as its highest value asks for."""
    if array.dtype == np.uint8:
        return "", name
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind == "b":
        said, unit = "true and false", name
    # Resampling overshoots a little at edges: to_uint8 clips that.
    elif array.dtype.kind == "f" and high <= 1.5:
        said, unit = ("floats in -1..1", f"({name} + 1) / 2") if low < -0.5 else ("floats in 0..1", name)
    elif high <= (300 if array.dtype.kind == "f" else 255):
        said, unit = f"{'floats' if array.dtype.kind == 'f' else 'whole numbers'} in 0..255", f"{name} / 255"
    else:
        bits = next((bits for bits in _BIT_DEPTHS if high < 2**bits), None)
        top = f"{high:g}" if bits is None else f"{2**bits - 1}"
        said, unit = f"values in 0..{top}" + (f" ({bits} bits)" if bits else ""), f"{name} / {top}"
    return said, f"automask.images.to_uint8({unit})"
