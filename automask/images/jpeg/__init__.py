"""JPEG below its pixels: a photo is written so that blocks without a changed pixel keep their coefficients.

`segments.py` takes a file apart; `decode.py` reads its scans to quantised coefficients, with `lanes.py` for Huffman
codes and `refine.py` for the later scans of progressive files; `fit.py` chooses the coefficients of repainted blocks,
with `transform.py`; `encode.py` writes them with `huffman.py`; `exact.py` does all of it in order.
"""

from automask.images.jpeg.exact import ExactJpeg, exact_jpeg

__all__ = ["ExactJpeg", "exact_jpeg"]
