"""The discrete cosine transform of 8x8 blocks as one matrix, and a photo's samples as a JPEG's components.

Source: ITU-T T.81, annex A.3.3 and figure A.6; ITU-T T.871 (JFIF) for YCbCr.
"""

import numpy as np
import numpy.typing as npt

from automask.images.jpeg.segments import JpegFile

Floats = npt.NDArray[np.float32]


def _zigzag() -> npt.NDArray[np.intp]:
    """[64] intp: row * 8 + column of each coefficient in zigzag order."""

    def place(index: int) -> tuple[int, int]:
        row, column = divmod(index, 8)
        return row + column, row if (row + column) % 2 else column

    return np.array(sorted(range(64), key=place), np.intp)


def _basis() -> npt.NDArray[np.float64]:
    x, u = np.arange(8), np.arange(8)[:, None]
    rows = np.cos((2 * x + 1) * u * np.pi / 16) / 2
    rows[0] /= np.sqrt(2)
    both: npt.NDArray[np.float64] = np.einsum("uy,vx->uvyx", rows, rows).reshape(64, 64)[_zigzag()]
    return both


ZIGZAG = _zigzag()
"""[64] intp: row * 8 + column of each coefficient in zigzag order."""
BASIS: Floats = _basis().astype(np.float32)
"""[64, 64] float32, orthonormal: the 8x8 samples of each coefficient, in zigzag order."""


def samples_of(levels: npt.NDArray[np.int16], steps: npt.NDArray[np.int32]) -> Floats:
    """[N, 64] float32 samples of quantised blocks, neither rounded nor clipped to 0..255."""
    return times_matrix((levels * steps).astype(np.float32), BASIS) + np.float32(128)


def times_matrix(blocks: Floats, matrix: Floats) -> Floats:
    """[N, 64] the product of [N, 64] and [64, 64].

    In pieces of 64 rows, which OpenBLAS multiplies in this thread: its others wait for work by spinning. On two busy
    cores that took as long as all the remaining work on a photo's blocks.
    """
    out = np.empty(blocks.shape, np.float32)
    for at in range(0, len(blocks), 64):
        np.matmul(blocks[at : at + 64], matrix, out=out[at : at + 64])
    return out


def is_ycc(file: JpegFile) -> bool:
    """Whether the first three components are Y, Cb and Cr, by the rules of libjpeg (jdapimin.c)."""
    count = len(file.frame.components)
    if count == 4:
        return file.adobe == 2
    if count != 3:
        return False
    if file.jfif:
        return True
    if file.adobe is not None:
        return file.adobe != 0
    return [component.number for component in file.frame.components] != [0x52, 0x47, 0x42]


def component_values(samples: npt.NDArray[np.uint8], index: int, *, ycc: bool) -> Floats:
    """[...] float32: a component's value of each pixel.

    Args:
        samples: [..., C] as in `Photo.samples`: grey, RGB, or inks (255 is full), of which JPEG stores the complement.
        index: Of the component.
        ycc: From `is_ycc`.
    """
    if not ycc or index == 3:
        value = samples[..., index].astype(np.float32)
        return 255 - value if samples.shape[-1] == 4 else value
    weights = ((0.299, 0.587, 0.114), (-0.168735892, -0.331264108, 0.5), (0.5, -0.418687589, -0.081312411))
    value = samples[..., :3].astype(np.float32) @ np.array(weights[index], np.float32)
    return value + 128 if index else value
