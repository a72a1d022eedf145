"""Every kind of file, damaged in every way: 300 kinds of container and mutation, each with seeds of its own.

What is not refused in one line is edited and written, and a decoder that is not the one of the encoder reads the
result. Time and memory are held for each file. `--long` runs ten times as many seeds.
"""

import functools
import random
import resource
import struct
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from pictures import DECODES, HEIGHT, WIDTH, avif, heic, make, patch, png_chunks, png_of
from PIL import Image

from automask.errors import AutomaskError
from automask.images import open_photo, write_photo

pytestmark = pytest.mark.slow

SEEDS, MORE_SEEDS = 20, 200
MOST_S = 2.0
"""Of processor time, for one file: about 500 times what an undamaged one takes."""
MOST_MB = 400
"""By which the process may grow over all seeds of a kind."""

Mutation = Callable[[bytes, random.Random], bytes]


def flip_bits(data: bytes, dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.choice((1, 2, 8, 64))):
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(1, len(data))]


def splice(data: bytes, dice: random.Random) -> bytes:
    start, end = sorted(dice.randrange(len(data)) for _ in range(2))
    at = dice.randrange(len(data))
    return data[:at] + data[start:end] * dice.choice((1, 2, 30)) + data[dice.choice((at, end)) :]


def set_number(data: bytes, dice: random.Random) -> bytes:
    """Overwrites a number with an extreme one, in the first part of the file more often: there are the headers."""
    out = bytearray(data)
    code = dice.choice(("<H", ">H", "<I", ">I"))
    at = dice.randrange(max(1, min(len(out), dice.choice((64, 512, len(out)))) - 4))
    bits = 8 * struct.calcsize(code)
    value = dice.choice((0, 1, 2, 8, 255, WIDTH - 1, HEIGHT + 1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2**bits - 1))
    struct.pack_into(code, out, at, value)
    return bytes(out)


def append(data: bytes, dice: random.Random) -> bytes:
    return data + dice.choice((b"note", bytes(99), data, data[: dice.randrange(len(data))], dice.randbytes(50)))


def blank(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    length = dice.choice((1, 4, 30, 4000))
    return data[:start] + dice.choice((b"\0", b"\xff", b" ")) * length + data[start + length :]


def change_parts(data: bytes, dice: random.Random) -> bytes:
    """Drops, doubles, swaps or alters the parts that the format is made of, with checksums that are right."""
    if data.startswith(b"\x89PNG"):
        chunks = png_chunks(data)
        at, other = dice.randrange(len(chunks)), dice.randrange(len(chunks))
        kind, body = chunks[at]
        changes: list[Callable[[], object]] = [
            lambda: chunks.pop(at),
            lambda: chunks.insert(other, chunks[at]),
            lambda: chunks.__setitem__(at, (kind, flip_bits(body, dice) if body else b"x")),
            lambda: chunks.insert(
                other, (dice.choice((b"tEXt", b"zTXt", b"iCCP", b"eXIf", b"tRNS")), dice.randbytes(30))
            ),
            lambda: chunks.insert(1, (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(100_000)))),
        ]
        dice.choice(changes)()
        return png_of(chunks)
    if data.startswith(b"\xff\xd8"):
        marks = [at for at in range(len(data) - 4) if data[at] == 0xFF and 0xC0 <= data[at + 1] <= 0xFE]
        one, two = (dice.choice(marks) for _ in range(2))
        return data[:one] + data[two : two + dice.choice((20, 500, 5000))] + data[dice.choice((one, two)) :]
    size = dice.choice((2, 4, 12, 16))  # entries of TIFF, boxes of HEIF, blocks of GIF
    at = dice.randrange(len(data) - size)
    at, other = at - at % size, dice.randrange(0, len(data) - size, size)
    return data[:at] + data[other : other + size] + data[at + dice.choice((0, size)) :]


MUTATIONS: list[Mutation] = [flip_bits, cut, splice, set_number, append, blank, change_parts]


@functools.cache
def plain(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return make(name, Path(folder)).read_bytes()


def seen_by_opencv(data: bytes) -> np.ndarray | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)


@functools.cache
def is_read_by_opencv(name: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        return seen_by_opencv(written(plain(name), name, Path(folder))) is not None


def written(data: bytes, name: str, folder: Path) -> bytes:
    photo = open_photo(data, max_megapixels=1.0)
    result, alpha = patch(photo) if min(photo.size_wh) >= 31 else (photo.rgb, np.zeros(photo.rgb.shape[:2], np.uint8))
    done = write_photo(photo, result, alpha, folder / name).path.read_bytes()
    again = open_photo(done, max_megapixels=1.0)
    assert (again.size_wh, again.format) == (photo.size_wh, photo.format)
    if (photo.format, photo.mode) in {("PNG", "RGB"), ("PNG", "L"), ("TIFF", "RGB"), ("BMP", "RGB"), ("TIFF", "L")}:
        seen = seen_by_opencv(done)
        assert seen is not None
        untouched = alpha == 0
        samples = photo.samples if photo.mode == "RGB" else np.repeat(photo.samples[..., None], 3, 2)
        np.testing.assert_array_equal(seen[untouched], samples[untouched])
    return done


KINDS = [pytest.param(n, marks=heic if "heic" in n else avif if "avif" in n else ()) for n in DECODES]


def test_there_are_three_hundred_kinds():
    assert len(DECODES) * len(MUTATIONS) >= 300


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_refused_in_one_line_or_edited_as_a_photo(name, mutation, tmp_path, request):
    checked = is_read_by_opencv(name)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(MORE_SEEDS if request.config.getoption("--long") else SEEDS):
        data = mutation(plain(name), random.Random(f"{name} {mutation.__name__} {seed}"))
        began = time.process_time()
        try:
            done = written(data, name, tmp_path)
        except AutomaskError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            if checked:
                assert seen_by_opencv(done) is not None, f"seed {seed}: OpenCV refuses the result"
            with Image.open(tmp_path / name) as picture:
                picture.load()
        assert time.process_time() - began < MOST_S, f"seed {seed}"
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / (
        1e6 if sys.platform == "darwin" else 1e3
    )
    assert grown_mb < MOST_MB
