"""Everything that a photo may be given as, besides a path and an array: bytes, open files, Pillow images."""

import io
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pictures import DECODES, HEIGHT, WIDTH, colours, every_kind, make, saved
from PIL import Image, ImageOps
from profiles import DISPLAY_P3, press_profile

from automask.errors import PhotoError
from automask.images import Photo, open_photo, write_photo


def refused(source: object) -> str:
    with pytest.raises(PhotoError) as stop:
        open_photo(source)
    return str(stop.value)


def same(one: Photo, other: Photo) -> bool:
    """Whether two photos hold the same, down to what is written back with them."""
    return (
        (one.mode, one.format, one.exif, one.icc, one.digest)
        == (other.mode, other.format, other.exif, other.icc, other.digest)
        and np.array_equal(one.samples, other.samples)
        and np.array_equal(one.rgb, other.rgb)
    )


def jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(colours()).save(buffer, "JPEG", quality=90, **options)
    return buffer.getvalue()


# ------------------------------------------------------------------------------------------------ bytes and open files


@every_kind
def test_bytes_and_open_files_of_every_kind_are_opened_as_their_path_is(name: str, tmp_path: Path) -> None:
    path = make(name, tmp_path)
    file, data = open_photo(path), path.read_bytes()
    assert same(open_photo(data), file)
    assert same(open_photo(io.BytesIO(data)), file)
    with path.open("rb") as opened:
        assert same(open_photo(opened), file)
        assert not opened.closed


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_opened_as_their_file_is(tmp_path: Path, kind: type) -> None:
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(jpeg())
    photo = open_photo(kind(path.read_bytes()))
    assert same(photo, open_photo(path))
    assert (photo.name, photo.source, photo.data) == ("photo.jpg", None, path.read_bytes())


@pytest.mark.parametrize(
    ("format_", "name"),
    [
        ("JPEG", "photo.jpg"),
        ("PNG", "photo.png"),
        ("WEBP", "photo.webp"),
        ("TIFF", "photo.tif"),
        ("GIF", "photo.gif"),
        ("BMP", "photo.bmp"),
    ],
)
def test_bytes_are_named_after_their_format(format_: str, name: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(colours()).save(buffer, format_)
    photo = open_photo(buffer.getvalue())
    assert (photo.name, photo.format) == (name, format_)
    assert not any("whatever its name says" in note for note in photo.notes)


def test_an_open_file_is_read_from_its_position_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(b"header of 20 bytes.." + jpeg())
    with path.open("rb") as file:
        file.seek(20)
        photo = open_photo(file)
    assert same(photo, open_photo(jpeg()))
    assert (photo.name, photo.data) == ("kitchen.jpg", jpeg())


def test_an_open_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(jpeg())
    with path.open("rb") as file:
        photo = open_photo(file)
    assert photo.source == path
    with pytest.raises(OSError, match="is the photo itself, which is never overwritten"):
        write_photo(photo, photo.rgb, np.zeros((HEIGHT, WIDTH), np.uint8), path)


def test_a_name_that_leads_to_another_file_is_only_a_name(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(jpeg())
    with path.open("rb") as file:
        path.unlink()
        path.write_bytes(b"another")
        photo = open_photo(file)
    assert (photo.name, photo.source) == ("kitchen.jpg", None)


@pytest.mark.parametrize("name", [None, 3, "", "..", "<stdin>", "<fdopen>"])
def test_a_file_without_a_name_of_its_own_is_called_photo(name: object) -> None:
    file = io.BytesIO(jpeg())
    if name is not None:
        file.name = name
    assert open_photo(file).name == "photo.jpg"


def test_a_name_with_folders_keeps_its_end_only() -> None:
    file = io.BytesIO(jpeg())
    file.name = "../../etc/kitchen.jpg"
    photo = open_photo(file)
    assert (photo.name, photo.source) == ("kitchen.jpg", None)


def test_a_name_that_says_another_format_is_said() -> None:
    file = io.BytesIO(jpeg())
    file.name = "kitchen.png"
    photo = open_photo(file)
    assert (photo.name, photo.format) == ("kitchen.png", "JPEG")
    assert photo.notes[0].startswith("it is a JPEG file, whatever its name says")


def test_a_member_of_an_archive_and_a_pipe_are_open_files_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("rooms/kitchen.jpg", jpeg())
    with zipfile.ZipFile(tmp_path / "a.zip") as archive, archive.open("rooms/kitchen.jpg") as member:
        assert open_photo(member).name == "kitchen.jpg"
    end, begin = os.pipe()
    with open(begin, "wb") as pipe:  # noqa: PTH123
        pipe.write(jpeg())
    with open(end, "rb") as pipe:  # noqa: PTH123
        assert open_photo(pipe).name == "photo.jpg"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(jpeg())
    with path.open("rb") as file:
        open_photo(file)
        assert refused(file) == "'kitchen.jpg' was read to its end before; go back to its start with file.seek(0)"
    assert refused(file).startswith("cannot read 'kitchen.jpg': ")
    with path.open(encoding="utf-8") as text:
        assert refused(text) == "cannot read 'kitchen.jpg': it is open as text; open it with open(path, 'rb')"
    assert refused(io.StringIO("words")) == "the open file is open as text; open it with open(path, 'rb')"
    assert refused(b"") == "'the photo' holds no bytes; give the whole file"
    assert refused(io.BytesIO()) == "'the photo' holds no bytes; give the whole file"
    assert refused(b"just words\n" * 9).startswith("'photo' holds text, not a picture; give a JPEG, PNG")

    class Reads:
        def read(self) -> int:
            return 3

    assert refused(Reads()).startswith("the photo is of type 'Reads'; give a path, bytes, an open file")


def test_bytes_too_large_are_refused_from_their_header() -> None:
    with pytest.raises(PhotoError, match=r"'photo' has 70 x 45 = 0\.0 megapixels, more than the 0\.001 allowed"):
        open_photo(jpeg(), max_megapixels=0.001)


def test_an_opened_photo_is_given_back() -> None:
    photo = open_photo(jpeg())
    assert open_photo(photo) is photo
    with pytest.raises(PhotoError, match="more than the"):
        open_photo(photo, max_megapixels=0.001)


def test_a_path_of_another_kind_is_a_path(tmp_path: Path) -> None:
    class Place:
        def __fspath__(self) -> str:
            return str(tmp_path / "kitchen.jpg")

    (tmp_path / "kitchen.jpg").write_bytes(jpeg())
    assert open_photo(Place()).name == "kitchen.jpg"


# ------------------------------------------------------------------------------------------------------- Pillow images


def as_png(image: Image.Image, **options: object) -> Photo:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return open_photo(buffer.getvalue())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_pillow_image_is_read_as_its_png_would_be(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(colours(16)[:, :, 0])
    elif mode == "LA":
        image = Image.merge("LA", [Image.fromarray(colours()[:, :, at]) for at in (0, 1)])
    elif mode == "RGBA":
        image = Image.fromarray(colours(8, 4))
    else:
        image = Image.fromarray(colours()).convert(mode)
    before = np.asarray(image).copy()
    photo, file = open_photo(image), as_png(image)
    assert (photo.mode, photo.format, photo.name, photo.source) == (mode, "PNG", "photo.png", None)
    np.testing.assert_array_equal(photo.rgb, file.rgb)
    np.testing.assert_array_equal(photo.samples, file.samples)
    np.testing.assert_array_equal(np.asarray(image), before)
    assert image.mode == mode


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_a_pillow_image_is_written_back_with_every_sample(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(colours(16)[:, :, 0]) if mode == "I;16" else Image.fromarray(colours()).convert(mode)
    photo = open_photo(image)
    path = tmp_path / photo.name
    write_photo(photo, photo.rgb, np.zeros((HEIGHT, WIDTH), np.uint8), path)
    with Image.open(path) as again:
        assert again.mode == mode
        np.testing.assert_array_equal(np.asarray(again), np.asarray(image))


def test_transparency_of_a_palette_is_kept(tmp_path: Path) -> None:
    image = Image.fromarray(colours()).convert("P", palette=Image.Palette.ADAPTIVE, colors=7)
    image.info["transparency"] = 2
    photo = open_photo(image)
    assert (photo.container.palette[:, 3] == 0).nonzero()[0].tolist() == [2]
    write_photo(photo, photo.rgb, np.zeros((HEIGHT, WIDTH), np.uint8), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as again:
        np.testing.assert_array_equal(np.asarray(again.convert("RGBA")), np.asarray(image.convert("RGBA")))


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_applied_as_for_files(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = turn, "Maker"
    path = tmp_path / "turned.png"
    Image.fromarray(colours()).save(path, exif=exif)
    file = open_photo(path)
    with Image.open(path) as image:
        photo = open_photo(image)
        upright = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(photo.rgb, upright)
    np.testing.assert_array_equal(photo.rgb, file.rgb)
    assert photo.exif == file.exif
    assert b"Maker" in photo.exif
    with Image.open(io.BytesIO(_written(photo, tmp_path))) as again:
        assert again.getexif()[0x0112] == 1
        assert again.getexif()[0x010F] == "Maker"


def _written(photo: Photo, folder: Path) -> bytes:
    path = folder / "out" / photo.name
    write_photo(photo, photo.rgb, np.zeros(photo.rgb.shape[:2], np.uint8), path)
    return path.read_bytes()


def test_exif_that_was_set_on_the_image_counts() -> None:
    image = Image.fromarray(colours())
    image.getexif()[0x0112] = 6
    image.getexif()[0x010F] = "Maker"
    photo = open_photo(image)
    assert photo.size_wh == (HEIGHT, WIDTH)
    assert b"Maker" in photo.exif


def test_tags_of_a_tiff_are_kept_without_those_of_its_layout(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    Image.fromarray(colours()).save(tmp_path / "a.tif", exif=exif, dpi=(300, 300))
    with Image.open(tmp_path / "a.tif") as image:
        photo = open_photo(image)
    tags = Image.Exif()
    tags.load(b"Exif\0\0" + photo.exif)
    assert tags[0x010F] == "Maker"
    assert not {256, 257, 258, 259, 262, 273, 278, 279} & set(tags)
    assert (photo.name, photo.format) == ("a.png", "PNG")


@every_kind
def test_a_pillow_image_of_every_kind_of_file_has_its_colours(name: str, tmp_path: Path) -> None:
    path = make(name, tmp_path)
    with Image.open(path) as image:
        photo = open_photo(image)
    file, deep = open_photo(path), DECODES[name][1].endswith(";16") and DECODES[name][1] != "I;16"
    # Pillow cuts 16 bits a colour to 8, and so does it hand them over.
    assert np.abs(photo.rgb.astype(int) - file.rgb).max() <= (1 if deep else 0)
    assert photo.size_wh == file.size_wh


@pytest.mark.parametrize(
    ("name", "mode", "profile"),
    [("p3.png", "RGB", DISPLAY_P3), ("p3.jpg", "RGB", DISPLAY_P3), ("press.tif", "CMYK", press_profile())],
)
def test_the_colour_profile_is_used_and_kept(tmp_path: Path, name: str, mode: str, profile: bytes) -> None:
    path = saved(tmp_path / name, Image.fromarray(colours()).convert(mode), icc_profile=profile)
    with Image.open(path) as image:
        photo = open_photo(image)
    file = open_photo(path)
    assert photo.icc == file.icc != b""
    np.testing.assert_array_equal(photo.rgb, file.rgb)
    with Image.open(io.BytesIO(_written(photo, tmp_path))) as again:
        assert again.info["icc_profile"] == photo.icc


def test_resolution_and_xmp_are_kept(tmp_path: Path) -> None:
    image = Image.fromarray(colours())
    image.info["dpi"] = (300, 300)
    image.info["xmp"] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>here</x:xmpmeta>"
    with Image.open(io.BytesIO(_written(open_photo(image), tmp_path))) as again:
        assert tuple(map(round, again.info["dpi"])) == (300, 300)
        assert "here" in again.info["XML:com.adobe.xmp"]


def test_an_image_opened_from_a_file_has_its_name_and_never_overwrites_it(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.jpg"
    path.write_bytes(jpeg())
    with Image.open(path) as image:
        photo = open_photo(image)
    assert (photo.name, photo.format, photo.source, photo.from_pixels) == ("kitchen.png", "PNG", path, True)
    Image.fromarray(colours()).save(tmp_path / "other.png")
    with Image.open(tmp_path / "other.png") as image:
        photo = open_photo(image)
    with pytest.raises(OSError, match="is the photo itself"):
        write_photo(photo, photo.rgb, np.zeros((HEIGHT, WIDTH), np.uint8), tmp_path / "other.png")


def test_what_the_pixels_depend_on_is_in_the_digest() -> None:
    image = Image.fromarray(colours())
    other = image.copy()
    other.putpixel((3, 4), (1, 2, 3))
    grey = image.convert("L")
    dark = image.convert("P")
    bright = dark.copy()
    bright.putpalette([255 - level for level in dark.getpalette()])
    digests = [open_photo(one).digest for one in (image, other, grey, dark, bright)]
    assert len({*digests}) == 5
    assert open_photo(image.copy()).digest == digests[0]


def test_modes_that_only_pillow_has_are_converted() -> None:
    image = Image.fromarray(colours())
    for mode, into in (("YCbCr", "RGB"), ("HSV", "RGB"), ("RGBX", "RGB")):
        assert open_photo(image.convert(mode)).mode == into
    assert open_photo(Image.fromarray(colours(8, 4)).convert("RGBa")).mode == "RGBA"


def test_values_of_an_unknown_range_get_a_hint_that_gives_the_right_picture() -> None:
    import numpy

    import automask.images

    grey = colours()[:, :, 0]
    for image, right in (
        (Image.fromarray(grey.astype(np.int32)), grey),
        (Image.fromarray(grey.astype(np.float32)), grey),
        (Image.fromarray(grey.astype(np.float32) / 255), grey),
        (Image.fromarray(grey.astype(np.int32) * 257), grey),
    ):
        said = refused(image)
        advice = re.search(r"(?:use|give) (.*)$", said)[1]
        names = {"image": image, "numpy": numpy, "automask": automask}
        photo = open_photo(eval(advice, names))  # noqa: S307  # our own advice
        np.testing.assert_array_equal(photo.rgb[:, :, 0], right)


def test_a_pillow_image_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    assert "the Pillow image has no pixels: 0 x 5" in refused(Image.new("RGB", (0, 5)))
    assert "in mode LAB" in refused(Image.new("LAB", (4, 5)))
    path = tmp_path / "cut.jpg"
    path.write_bytes(jpeg()[:900])
    with Image.open(path) as image:
        assert refused(image).startswith("the Pillow image cannot be read (")
    with pytest.raises(PhotoError, match="the Pillow image has 70 x 45"):
        open_photo(Image.fromarray(colours()), max_megapixels=0.001)


def test_the_frame_shown_of_a_film_is_the_one_that_is_edited() -> None:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    with Image.open(buffer) as image:
        image.seek(1)
        photo = open_photo(image)
    assert photo.rgb[4, 4].tolist() == [0, 0, 255]
    assert "only the frame shown of 2 is edited and written" in photo.notes


def test_a_photo_is_shown_in_one_short_line() -> None:
    assert repr(open_photo(jpeg())) == "<Photo 'photo.jpg': 70 x 45, RGB, JPEG>"
