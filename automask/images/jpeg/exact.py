"""A JPEG with some pixels changed, in which all other blocks keep their coefficients."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from automask.images.jpeg.decode import Coefficients, decode_coefficients
from automask.images.jpeg.encode import copy_file, encode_file
from automask.images.jpeg.fit import fit
from automask.images.jpeg.segments import JpegFile, broken, parse
from automask.images.jpeg.transform import component_values, is_ycc

_BLOCKS_COMPARED = 1024
_LEVELS_APART = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class ExactJpeg:
    """A JPEG written from coefficients.

    Args:
        data: The file.
        untouched_blocks: Blocks that hold the very same coefficients as in the photo's file.
        shared_blocks: Blocks with changed and with unchanged pixels.
        reached: [H, W] bool, turned as stored: pixels that a new block has a part in; all others decode as before.
    """

    data: bytes
    untouched_blocks: int
    shared_blocks: int
    reached: npt.NDArray[np.bool_]


def exact_jpeg(
    data: bytes,
    before: npt.NDArray[np.uint8],
    after: npt.NDArray[np.uint8],
    segments: Sequence[bytes],
) -> ExactJpeg:
    """The file with the pixels that changed between two pictures, and these APP and COM segments.

    Args:
        data: The photo's file.
        before: [H, W] or [H, W, C] uint8 its samples as `Photo.samples` has them, but turned as the file stores them.
        after: The new samples.
        segments: As in `encode_file`.

    Raises:
        PhotoError: It is no 8-bit, Huffman-coded JPEG, is broken, or holds another picture than `before`.
    """
    file = parse(data)
    _check_layout(file, before)
    changed = before != after if before.ndim == 2 else (before != after).any(axis=2)
    if not changed.any():
        counts = (file.frame.samples_hw(index) for index in range(len(file.frame.components)))
        blocks = sum(-(-height // 8) * -(-width // 8) for height, width in counts)
        return ExactJpeg(copy_file(file, segments), blocks, 0, changed)
    coefficients = decode_coefficients(file)
    _check_picture(file, coefficients, before)
    fitted = fit(file, coefficients, after, changed)
    coded = encode_file(file, fitted.coefficients, segments)
    return ExactJpeg(coded, fitted.untouched_blocks, fitted.shared_blocks, fitted.reached)


def _check_layout(file: JpegFile, samples: npt.NDArray[np.uint8]) -> None:
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    if (file.frame.height, file.frame.width, len(file.frame.components)) != (*samples.shape[:2], channels):
        raise broken("says another size than its picture has")


def _check_picture(file: JpegFile, coefficients: Coefficients, samples: npt.NDArray[np.uint8]) -> None:
    """Raises PhotoError where the blocks' means are not those of the samples: colours would come out wrong."""
    pixels = samples[..., None] if samples.ndim == 2 else samples
    frame = file.frame
    for index, component in enumerate(frame.components):
        high, wide = 8 * frame.most_down // component.down, 8 * frame.most_across // component.across
        rows, columns = frame.height // high, frame.width // wide
        if not rows * columns:
            continue
        chosen = np.linspace(0, rows * columns - 1, min(rows * columns, _BLOCKS_COMPARED)).astype(np.intp)
        row, column = np.divmod(chosen, columns)
        y, x = row[:, None] * high + np.arange(high), column[:, None] * wide + np.arange(wide)
        values = component_values(pixels[y[:, :, None], x[:, None, :]], index, ycc=is_ycc(file))
        means = coefficients.blocks(index)[row, column, 0] * (file.quantisation[index][0] / 8) + 128
        if np.median(np.abs(values.mean(axis=(1, 2)) - np.clip(means, 0, 255))) > _LEVELS_APART:
            raise broken("stores its colours in an unusual way")
