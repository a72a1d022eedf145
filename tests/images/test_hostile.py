"""Files made to harm: each is refused, or read, quickly, and nothing of it reaches a result."""

import io
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawing import room
from PIL import Image

from automask.errors import AutomaskError, PhotoError
from automask.images import is_damaged, open_photo, properties_of, read_regular, with_properties, write_photo
from automask.images.containers import png_bytes, png_chunks
from automask.images.decode import decode, grey_levels, small_picture
from automask.images.mask_files import read_mask
from automask.images.png_text import MAX_TEXT_BYTES, inflated
from automask.images.xmp import with_xmp


def encoded(format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(room(40, 60)).save(buffer, format_, **options)
    return buffer.getvalue()


def refused(data: bytes, **options: float) -> str:
    with pytest.raises(PhotoError) as caught:
        decode(data, "a.jpg", **{"max_megapixels": 100.0, **options})
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ----------------------------------------------------------------------------------------------- what is no plain file


READERS = [
    open_photo,
    lambda path: read_mask(path, size_hw=(9, 9)),
    lambda path: small_picture(path, 60, 100.0),
    lambda path: grey_levels(path, 100.0),
]


@pytest.mark.parametrize("read", READERS)
def test_a_pipe_and_a_device_are_refused_at_once(tmp_path: Path, read, bounded):
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", Path("/dev/zero")):
        with pytest.raises(AutomaskError, match="it is a pipe or a device, not a file; save it as a file first"):
            read(path)


@pytest.mark.parametrize("read", READERS)
def test_a_file_larger_than_any_photo_is_refused_unread(tmp_path: Path, read, bounded):
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(8 << 30)
    with pytest.raises(AutomaskError, match="it has 8590 MB, more than the 1050 MB allowed; give a smaller copy"):
        read(path)
    assert not is_damaged(path)


def test_what_an_open_file_or_standard_input_holds_is_bounded(bounded):
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size >= 0
            return b"x" * size

    with pytest.raises(PhotoError, match="holds more than the 51 MB allowed"):
        open_photo(Endless(), max_megapixels=0.1)


@pytest.mark.parametrize("read", READERS)
def test_only_pictures_of_known_formats_are_opened(tmp_path: Path, read):
    """Pillow would hand an EPS to Ghostscript, whatever its name."""
    path = tmp_path / "a.png"
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    for data in (eps, b"\xc5\xd0\xd3\xc6" + eps, b"P6 9 9 255\n" + bytes(243), b"\0\0\2\0" + bytes(99)):
        path.write_bytes(data)
        with pytest.raises(AutomaskError):
            read(path)


def test_a_file_is_read_whole_up_to_its_bound(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"1234")
    assert read_regular(path, 4) == b"1234"
    with pytest.raises(OSError, match="more than the"):
        read_regular(path, 3)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 9)


# --------------------------------------------------------------------------------------------------------------- TIFF


def directory(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """A TIFF directory of (tag, type, count, value)."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def tiff(extra: list[tuple[int, int, int, int]], tail: bytes = b"", **changed: int) -> bytes:
    """An 8 x 8 grey TIFF with further entries; the picture comes first, then the directory, then `tail`."""
    basic = {256: (4, 8), 257: (4, 8), 258: (3, 8), 259: (3, 1), 262: (3, 1), 273: (4, 8), 277: (3, 1)}
    basic |= {278: (4, 8), 279: (4, 64)}
    basic |= {int(tag[1:]): (4, value) for tag, value in changed.items()}
    entries = [(tag, kind, 1, value) for tag, (kind, value) in basic.items()] + extra
    return b"II*\0" + struct.pack("<I", 72) + bytes(64) + directory(entries) + tail


def test_a_small_tiff_of_our_making_is_a_photo():
    assert decode(tiff([]), "a.tif", 100).samples.shape == (8, 8)


def test_a_tiff_whose_exif_is_its_own_directory_is_read_once(bounded):
    loops = [(34665, 4, 1, 72)] * 3800
    container = decode(tiff(loops), "a.tif", 100).container
    assert len(container.tags) < 10
    chain = decode(tiff([(34665, 4, 1, 72), (34853, 4, 1, 72), (40965, 4, 1, 72)]), "a.tif", 100).container
    assert len(chain.tags) < 10


def test_tags_that_share_one_value_are_refused(bounded):
    shared = [(40000 + number, 7, 1 << 20, 200) for number in range(20_000)]
    found = refused(tiff(shared, bytes(2 << 20)))
    assert "would take too long: its tags hold" in found
    assert "MB that its size allows; export it again, as JPEG or PNG" in found


def test_exif_whose_tags_share_one_value_is_refused_in_every_format(bounded):
    shared = [(40000 + number, 7, 50_000, 9) for number in range(1000)]
    exif = b"II*\0\x08\0\0\0" + directory(shared) + bytes(50_000)
    assert len(exif) < 65_500
    for format_ in ("JPEG", "PNG", "WEBP"):
        assert "its tags hold" in refused(encoded(format_, exif=b"Exif\0\0" + exif))


def test_a_tiff_of_millions_of_strips_is_refused(bounded):
    assert refused(tiff([(324, 4, 10_000_000, 300)], bytes(40_000_300))).endswith(
        "it is cut into 10000000 pieces, more than the 500000 allowed; export it again, as JPEG or PNG"
    )


def test_a_tiff_of_thousands_of_pages_is_refused(bounded):
    page = len(directory([(256, 4, 1, 8)]))
    start = len(tiff([]))
    pages = b"".join(directory([(256, 4, 1, 8)], start + page * (number + 1)) for number in range(10_000))
    data = bytearray(tiff([], pages))
    struct.pack_into("<I", data, start - 4, start)
    assert "it has more than the 1000 pages allowed" in refused(bytes(data))


def test_a_tiff_of_huge_tiles_is_refused(bounded):
    assert "its tiles are 625 megapixels each, more than the 4" in refused(tiff([], t322=25_000, t323=25_000))


def test_a_tiff_with_a_million_tags_is_refused(bounded):
    page = directory([(40000, 4, 1, 8)] * 60_000)
    data = bytearray(tiff([], page))
    struct.pack_into("<I", data, len(tiff([])) - 4, len(tiff([])))
    assert "it has more than the 50000 tags allowed" in refused(bytes(data))


# --------------------------------------------------------------------------------------------------------------- JPEG


def test_a_jpeg_of_thousands_of_scans_is_refused(bounded):
    data = encoded("JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert decode(data[:-2] + scan * 50 + b"\xff\xd9", "a.jpg", 100).samples.shape == (40, 60, 3)
    many = data[:-2] + scan * 5000 + b"\xff\xd9"
    assert "scans, more than the 100 allowed; export it again, as JPEG or PNG" in refused(many)


@pytest.mark.parametrize("place", ["a thumbnail", "a comment between scans"])
def test_scans_are_counted_behind_what_only_looks_like_the_end_of_the_picture(place):
    data = encoded("JPEG", progressive=True)
    first = data.index(b"\xff\xda")
    inside = b"\xff\xda\xff\xd9"
    if place == "a thumbnail":
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(inside) + 2) + inside + data[2:]
    else:
        end = data.index(b"\xff\xc4", first)
        data = data[:end] + b"\xff\xfe" + struct.pack(">H", len(inside) + 2) + inside + data[end:]
    last = data.rindex(b"\xff\xda")
    assert decode(data, "a.jpg", 100).samples.shape == (40, 60, 3)
    many = data[:-2] + data[last:-2] * 5000 + b"\xff\xd9"
    assert "scans, more than the 100 allowed" in refused(many)


@pytest.mark.parametrize(("marker", "body"), [(0xE1, b"Exif\0\0abcdef"), (0xFE, b""), (0xE7, b"x")])
def test_a_jpeg_of_thousands_of_segments_is_refused(marker: int, body: bytes, bounded):
    data = encoded("JPEG")
    segment = b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body
    assert decode(data[:20] + segment * 1000 + data[20:], "a.jpg", 100).samples.shape == (40, 60, 3)
    found = refused(data[:20] + segment * 1_000_000 + data[20:])
    assert "it has more than the 5000 segments allowed before its picture; export it again" in found


def test_a_list_of_pictures_whose_tags_share_one_value_is_refused(bounded):
    shared = [(45056 + number, 7, 60_000, 9) for number in range(1000)]
    body = b"MPF\0II*\0\x08\0\0\0" + directory(shared)
    data = encoded("JPEG")
    segment = b"\xff\xe2" + struct.pack(">H", len(body) + 50_002) + body + bytes(50_000)
    assert "its tags hold" in refused(data[:20] + segment + data[20:])


def test_scans_of_pictures_behind_the_photo_do_not_count():
    data = encoded("JPEG")
    assert decode(data + data * 200, "a.jpg", 100).samples.shape == (40, 60, 3)


# ---------------------------------------------------------------------------------------------------------------- PNG


def written(data: bytes, folder: Path) -> bytes:
    """The result of repainting a photo's upper left corner, checked by decoders that are not ours."""
    photo = open_photo(data)
    result, alpha = photo.rgb.copy(), np.zeros(photo.rgb.shape[:2], np.uint8)
    result[:9, :9], alpha[:9, :9] = (10, 200, 30), 255
    done = write_photo(photo, result, alpha, folder / "a.png").path.read_bytes()
    seen = cv2.imdecode(np.frombuffer(done, np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None
    np.testing.assert_array_equal(seen[..., ::-1], np.where(alpha[..., None] > 0, result, photo.rgb))
    return done


@pytest.mark.parametrize("tail", [b"a note\n", b"\0" * 40, b"tEXt" * 9, png_bytes([(b"tEXt", b"Author\0me")])[8:]])
def test_bytes_behind_the_end_of_a_png_do_not_reach_the_result(tmp_path: Path, tail: bytes):
    plain = encoded("PNG")
    assert written(plain + tail, tmp_path) == written(plain, tmp_path)


def test_a_png_with_an_impossible_chunk_is_refused_or_read_without_it(tmp_path: Path):
    chunks = list(png_chunks(encoded("PNG")))
    odd = png_bytes([chunks[0], (b"\x01\x02ab", b"x" * 9), *chunks[1:]])
    with pytest.raises(AutomaskError):
        open_photo(odd)


@pytest.mark.parametrize("chunk", [(b"tEXt", b"a\0b"), (b"vpAg", b""), (b"tIME", b"\x07\xe8\1\1\1\1\1")])
def test_a_png_of_thousands_of_chunks_is_refused(chunk: tuple[bytes, bytes], bounded):
    head, *rest = png_chunks(encoded("PNG"))
    assert decode(png_bytes([head, *[chunk] * 1000, *rest]), "a.png", 100).samples.shape == (40, 60, 3)
    found = refused(png_bytes([head, *[chunk] * 200_000, *rest]))
    assert "it has more than the 20000 chunks allowed besides its picture; export it again" in found


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_compressed_text_that_unpacks_to_gigabytes_does_not(orientation: int, bounded):
    bomb = zlib.compressobj(9)
    packed = b"".join(bomb.compress(bytes(1 << 24)) for _ in range(4)) + bomb.flush()
    text = (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed)
    exif = Image.Exif()
    exif[0x0112] = orientation
    chunks = list(png_chunks(encoded("PNG", exif=exif)))
    for data in (png_bytes([*chunks[:-1], text, chunks[-1]]), png_bytes([chunks[0], text, *chunks[1:]])):
        try:
            photo = open_photo(data + png_bytes([text])[8:])
        except PhotoError:
            continue
        assert sum(len(body) for part in photo.container.chunks for _, body in part) < 1 << 22


def test_text_is_inflated_up_to_a_bound():
    assert inflated(zlib.compress(b"island")) == b"island"
    with pytest.raises(ValueError, match="text of more than 16 MB"):
        inflated(zlib.compress(bytes(MAX_TEXT_BYTES + 1)))
    with pytest.raises(ValueError, match="cannot be decompressed"):
        inflated(b"nothing")


# ---------------------------------------------------------------------------------------------------------------- XMP


def packet(inside: str, around: str = "") -> bytes:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{rdf}">'
        f'<rdf:Description rdf:about=""{inside}/></rdf:RDF></x:xmpmeta>{around}'
    ).encode()


def test_spaces_in_xmp_take_linear_time(bounded):
    spaces = " " * (1 << 20)
    assert properties_of(packet(spaces)) == {}
    assert b"island" in with_properties(packet(spaces), {"dc:description": "island"})


@pytest.mark.parametrize("inside", ["<rdf:li/>" * 300_000, "<rdf:Bag>" * 300_000, ""])
def test_xmp_of_hundreds_of_thousands_of_names_is_not_read(inside: str, bounded):
    many = "" if inside else "".join(f' rdf:a{number}=""' for number in range(300_000))
    data = packet(many).replace(b"/></rdf:RDF>", f">{inside}</rdf:Description></rdf:RDF>".encode())
    with pytest.raises(ValueError, match="more than 200000 properties"):
        properties_of(data)


def test_spaces_around_xmp_take_linear_time(bounded):
    photo = open_photo(encoded("JPEG"))
    for spaces in (" " * 300_000, " a" * 150_000):
        with pytest.raises(ValueError, match="more than a JPEG segment holds"):
            with_xmp(photo, packet("", spaces))


# ------------------------------------------------------------------------------------------------- broken is not costly


def test_only_broken_pictures_are_damaged(tmp_path: Path):
    path = tmp_path / "a.jpg"
    whole = encoded("JPEG")
    for data, damaged in (
        (b"", True),
        (whole[: len(whole) // 2], True),
        (whole, False),
        (b"a person's notes", False),
        (b"8BPS" + bytes(99), False),
        (tiff([], t322=25_000, t323=25_000), False),
    ):
        path.write_bytes(data)
        assert is_damaged(path) is damaged, data[:9]
    assert not is_damaged(tmp_path / "none.jpg")
