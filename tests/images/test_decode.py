"""Decoding files to upright samples, and recognising files that are not photos."""

import re
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import (
    HEIGHT,
    WIDTH,
    colours,
    every_kind,
    exif_bytes,
    heic,
    make,
    picture,
    png_chunks,
    png_of,
    refused,
    rewritten,
    saved,
    saved_by_opencv,
    saved_heif,
    saved_with_chunks,
    with_tiff_number,
)
from PIL import Image, ImageFile, PngImagePlugin

from automask.errors import ExtraMissing, PhotoError
from automask.images import open_photo, write_photo


def turned_back(upright: np.ndarray, orientation: int) -> np.ndarray:
    """What a camera stores with this orientation, so that turning it gives `upright`: the inverse of the EXIF table."""
    return {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }[orientation](upright)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tif", "deep.tif", "deep.png"])
def test_a_turned_photo_is_read_and_written_upright(kind: str, orientation: int, tmp_path: Path) -> None:
    deep = kind.startswith("deep")
    upright = colours(16 if deep else 8)
    stored = np.ascontiguousarray(turned_back(upright, orientation))
    path = tmp_path / f"a.{kind}"
    if deep:
        saved_by_opencv(path, stored[..., ::-1])
        if kind == "deep.png":
            head, *rest = png_chunks(path.read_bytes())
            path.write_bytes(png_of([head, (b"eXIf", exif_bytes(orientation)[6:]), *rest]))
        else:
            path.write_bytes(with_tiff_orientation(path.read_bytes(), orientation))
    elif kind == "tif":
        saved(path, Image.fromarray(stored), tiffinfo={274: orientation, 271: "Test Camera"})
    elif kind == "jpg":
        saved(path, Image.fromarray(stored), exif=exif_bytes(orientation), quality=100, subsampling=0)
    else:
        options = {"lossless": True} if kind == "webp" else {}
        saved(path, Image.fromarray(stored), exif=exif_bytes(orientation), **options)
    photo = open_photo(path)
    difference = np.abs(photo.samples.astype(int) - upright.astype(int)).max()
    assert difference <= (6 if kind == "jpg" else 0)
    again, written = rewritten(photo, tmp_path / "out")
    assert again.size_wh == photo.size_wh
    with Image.open(written.path) as image:
        # A JPEG's blocks would change if it were turned: it stays as it is stored, and its tag says how to show it.
        assert image.getexif().get(274, 1) == (orientation if kind == "jpg" else 1)
        assert image.size == ((stored.shape[1], stored.shape[0]) if kind == "jpg" else photo.size_wh)
    assert written.outside_changed_px == 0


def with_tiff_orientation(data: bytes, orientation: int) -> bytes:
    """The TIFF with its first directory written again at the end, an orientation in it."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = [data[at + 2 + 12 * i : at + 14 + 12 * i] for i in range(count)]
    entries = [e for e in entries if e[:2] != struct.pack("<H", 274)] + [
        struct.pack("<HHIHH", 274, 3, 1, orientation, 0)
    ]
    entries.sort(key=lambda e: struct.unpack("<H", e[:2])[0])
    body = data + bytes(len(data) % 2)
    return (
        body[:4]
        + struct.pack("<I", len(body))
        + body[8:]
        + struct.pack("<H", len(entries))
        + b"".join(entries)
        + bytes(4)
    )


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_an_orientation_in_xmp_alone_is_applied_once(kind: str, tmp_path: Path) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6" note="kept"/></x:xmpmeta>'
    path = tmp_path / f"a.{kind}"
    if kind == "jpg":
        saved(path, picture("RGB"), xmp=xmp)
    else:
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=True)
        saved(path, picture("RGB"), pnginfo=text)
    photo = open_photo(path)
    assert photo.size_wh == (HEIGHT, WIDTH)
    again, written = rewritten(photo, tmp_path / "out")
    assert again.size_wh == (HEIGHT, WIDTH)
    with Image.open(written.path) as image:
        kept = image.info.get("xmp") or image.info["XML:com.adobe.xmp"].encode()
        assert kept == (xmp if kind == "jpg" else xmp.replace(b'"6"', b'"1"'))


def test_exif_in_a_png_text_chunk_is_applied_once_and_kept(tmp_path: Path) -> None:
    raw = exif_bytes(6).hex()
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", f"\nexif\n{len(raw) // 2}\n{raw}\n", zip=True)
    path = saved(tmp_path / "a.png", picture("RGB"), pnginfo=text)
    photo = open_photo(path)
    again, _ = rewritten(photo, tmp_path / "out")
    assert photo.size_wh == again.size_wh == (HEIGHT, WIDTH)
    assert b"Test Camera" in again.exif


@pytest.mark.parametrize(
    "broken", [b"II*\0\xff\xff\xff\xff", b"MM", b"", b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 30]
)
def test_broken_exif_does_not_stop_reading_or_writing(broken: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    saved_with_chunks(path, picture("RGB"), (b"eXIf", broken))
    again, written = rewritten(open_photo(path), tmp_path / "out")
    assert written.outside_changed_px == 0
    assert again.mode == "RGB"


@heic
def test_a_turned_heic_is_written_upright(tmp_path: Path) -> None:
    path = saved_heif(tmp_path / "a.heic", "RGB", exif=exif_bytes(6), quality=95)
    photo = open_photo(path)
    assert photo.size_wh == (HEIGHT, WIDTH)
    again, _ = rewritten(photo, tmp_path / "out", edit=False)
    assert again.size_wh == (HEIGHT, WIDTH)
    assert b"Test Camera" in again.exif
    assert np.abs(again.rgb.astype(int) - photo.rgb.astype(int)).mean() < 4


def test_white_is_zero_16_bit_grey_is_read_the_right_way_round(tmp_path: Path) -> None:
    path = tmp_path / "white-is-zero.tif"
    path.write_bytes(with_tiff_number(make("deep-grey.tif", tmp_path).read_bytes(), 262, 0))
    np.testing.assert_array_equal(open_photo(path).samples, 65535 - colours(16, 1)[..., 0])


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "animated.png"])
def test_only_the_first_frame_of_an_animation_is_edited_and_a_note_says_so(name: str, tmp_path: Path) -> None:
    photo = open_photo(make(name, tmp_path))
    assert photo.notes == ("animated: only the first of 3 frames is edited and written",)
    again, _ = rewritten(photo, tmp_path / "out", edit=False)
    assert again.notes == ()


def test_pages_of_a_tiff_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    picture("RGB").save(path, save_all=True, append_images=[picture("RGB")])
    assert open_photo(path).notes == ("2 pages: only the first is edited and written",)


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_of_few_bits_is_written_as_8_bit_and_a_note_says_so(bits: int, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    per_byte = 8 // bits
    rows = b"".join(b"\0" + bytes([0x1B] * (16 // per_byte)) for _ in range(8))
    header = struct.pack(">IIBBBBB", 16, 8, bits, 0, 0, 0, 0)
    path.write_bytes(png_of([(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]))
    photo = open_photo(path)
    assert photo.notes == (f"{bits}-bit grey is written as 8-bit grey",)
    written = write_photo(photo, photo.rgb, np.zeros((8, 16), np.uint8), tmp_path / "out.png")
    np.testing.assert_array_equal(open_photo(written.path).samples, photo.samples)


def test_a_missing_file_is_refused_and_the_nearest_named(tmp_path: Path) -> None:
    saved(tmp_path / "kitchen.png", picture("RGB"))
    assert refused(tmp_path / "kitchn.png") == (
        f"there is no file '{tmp_path / 'kitchn.png'}'; did you mean '{tmp_path / 'kitchen.png'}'?"
    )
    assert "check the name and the folder" in refused(tmp_path / "zzzzzzz")
    assert "there is no folder" in refused(tmp_path / "none" / "a.png")


@pytest.mark.parametrize("address", ["http://a.b/c.jpg", "https://a.b/c.jpg", "file:///c.jpg", "s3://a/b.png"])
def test_a_web_address_is_refused(address: str) -> None:
    assert refused(address) == f"'{address}' is a web address; download it first and give the file's name"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"'{tmp_path}' is a folder; use 'automask batch' for a folder of photos"


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make("rgb.png", tmp_path)

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert refused(path) == f"cannot read '{path}': Permission denied; check its name and permissions"


def test_invalid_file_names_are_refused() -> None:
    assert "is empty" in refused("")
    assert "cannot read" in refused("a\0b.jpg")
    assert "cannot read" in refused("a" * 5000)
    kinds = "a path, bytes, an open file, a Pillow image, or an array [H, W, 3] uint8"
    assert refused(3) == f"the photo is of type 'int'; give {kinds}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; copy or download it again"),
        (b"just words\n" * 9, "holds text, not a picture; give a JPEG, PNG"),
        (b"\0\1\2\3" * 99, "is not a picture that can be read; give a JPEG, PNG"),
        (b"%PDF-1.7 ...", "is a PDF document; export"),
        (b"%!PS-Adobe", "is a PostScript drawing; export"),
        (b"8BPS\0\1", "is a Photoshop document; export"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "is a drawing (SVG), not a photo; export it as PNG"),
        (b"  <!DOCTYPE html><html>", "is a web page, not a picture; save"),
        (b"\0\0\0\x20ftypisom" + bytes(20), "is a film or an unknown kind of picture; export"),
        (b"\0\0\0\x0cjP  \r\n", "is a JPEG 2000 picture, which automask does not write; convert"),
        (b"\xff\x0a\0\0", "is a JPEG XL picture, which automask does not read; convert"),
        (b"PK\3\4....", "is a zip archive; unpack"),
        (b"gimp xcf v011", "is a GIMP document; export"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "is a Git LFS pointer, not the picture itself; run: git lfs pull",
        ),
        (b"RIFF\0\0\0\0WAVEfmt ", "is not a picture that can be read"),
        (b"\xff\xd8\xff\xe0junk", "is broken or cut short (Truncated File Read); copy"),
        (b"\x89PNG\r\n\x1a\njunk", "is a PNG file that is broken, or of a kind that Pillow does not read; copy"),
    ],
)
def test_files_that_are_not_photos_are_recognised(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert refused(path).startswith(f"'{path}' {says}")


@pytest.mark.parametrize("suffix", [".cr2", ".NEF", ".dng", ".arw"])
def test_a_camera_raw_file_is_refused(suffix: str, tmp_path: Path) -> None:
    path = saved(tmp_path / f"a{suffix}", picture("RGB"), format="TIFF")
    assert refused(path) == f"'{path}' is a camera raw file; export it as TIFF or JPEG from your raw converter"


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
@every_kind
def test_a_truncated_file_is_refused(name: str, share: float, tmp_path: Path) -> None:
    if name.startswith("animated"):
        share = min(share, 0.2)  # later frames may be missing: only the first is wanted
    path = make(name, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert re.search("broken|cut short|not a picture", refused(path))


def test_a_truncated_file_is_refused_whatever_another_library_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    path = make("rgb.jpg", tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    assert "is broken or cut short" in refused(path)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_flipped_bytes_are_read_or_raise_photo_error(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(["rgb.jpg", "palette.png", "deep-rgb.png", "lzw.tif", "deep-rgb.tif", "palette.gif", "rgb.bmp"])
    )
    content = bytearray(_bytes_of(name))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(len(content) - 1, 400)))] = data.draw(st.integers(0, 255))
    from automask.images.decode import decode

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            decode(bytes(content), name, 1.0)
        except PhotoError as error:
            assert "\n" not in str(error)  # noqa: PT017


_made: dict[str, bytes] = {}


def _bytes_of(name: str) -> bytes:
    if name not in _made:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            _made[name] = make(name, Path(folder)).read_bytes()
    return _made[name]


def huge_png(path: Path, width: int, height: int) -> Path:
    """Only the header tells the size: decoding it would take gigabytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(png_of([(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]))
    return path


def test_a_huge_photo_is_refused_from_its_header(tmp_path: Path) -> None:
    path = huge_png(tmp_path / "a.png", 50000, 20000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refused(path) == (
            f"'{path}' has 50000 x 20000 = 1000.0 megapixels, more than the 100 allowed; "
            "if that is wanted, allow it with max_megapixels=1000"
        )


@pytest.mark.parametrize("size_wh", [(32_767, 10), (10, 32_767)])
def test_a_side_that_opencv_cannot_number_is_refused_from_the_header(size_wh: tuple[int, int], tmp_path: Path) -> None:
    width, height = size_wh
    said = f"is {width} x {height} px, and no side may have more than 32766; cut it into parts, or give a smaller copy"
    path = huge_png(tmp_path / "a.png", width, height)
    assert refused(path) == f"'{path}' {said}"
    assert refused(np.zeros((height, width, 3), np.uint8)) == f"the photo array {said}"
    assert refused(Image.new("RGB", size_wh)) == f"the Pillow image {said}"
    assert open_photo(np.zeros((4, 32_766, 3), np.uint8)).size_wh == (32_766, 4)


def test_the_size_limit_is_ours_not_pillows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    path = make("rgb.png", tmp_path)
    assert open_photo(path).size_wh == (WIDTH, HEIGHT)
    assert Image.MAX_IMAGE_PIXELS == 100
    assert (
        "= 0.0 megapixels, more than the 0.001 allowed; if that is wanted, allow it with max_megapixels=1"
        in refused(path, max_megapixels=0.001)
    )
    assert open_photo(path, max_megapixels=0.01).size_wh == (WIDTH, HEIGHT)


def test_unsupported_samples_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", Image.fromarray(np.zeros((4, 5), np.float32)))
    assert refused(path) == f"'{path}' holds F samples, which automask does not edit; export it as 8-bit or 16-bit RGB"


def test_odd_tiffs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(with_tiff_number(make("deep-grey.tif", tmp_path).read_bytes(), 258, 12))
    assert refused(path) == f"'{path}' holds 12-bit samples; export it with 8 or 16 bits"
    saved_by_opencv(path, colours(16, 4))
    path.write_bytes(with_tiff_number(path.read_bytes(), 262, 5))
    assert refused(path) == f"'{path}' holds 16-bit samples that are not RGB; export it as 16-bit RGB or as 8-bit"
    saved(path, Image.new("LAB", (4, 5)))
    assert "holds LAB samples" in refused(path)
    saved_by_opencv(path, np.zeros((4, 5, 3), np.float32))
    assert "of a kind that Pillow does not read; copy or download it again, or export it as PNG" in refused(path)


@heic
def test_a_10_bit_heic_has_a_note_that_it_becomes_8_bit(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), colours(16).tobytes()).save(tmp_path / "a.heic")
    assert open_photo(tmp_path / "a.heic").notes == ("its 10-bit samples are read and written as 8-bit samples",)


def test_heic_without_its_library_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ExtraMissing) as caught:
        open_photo(path)
    assert str(caught.value) == (
        f"'{path}' is a HEIC photo, which needs the package pillow-heif; run: pip install 'automask[heic]'"
    )


def test_avif_without_its_library_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.avif"
    path.write_bytes(b"\0\0\0\x18ftypavif\0\0\0\0mif1avif")
    monkeypatch.setitem(sys.modules, "PIL.AvifImagePlugin", None)
    assert refused(path) == f"'{path}' is an AVIF photo, which this Pillow does not read; run: pip install -U pillow"
