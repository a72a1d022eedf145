"""`metadata=no-location` takes the place out wherever a format keeps one, `none` all but what colours and turn need.

Both Pillow and a search of the raw bytes look for the place that each photo holds in every corner of its format.
"""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from pictures import DECODES, every_kind, expanded, make, patch, picture, png_chunks, saved
from PIL import Image, TiffImagePlugin
from places import (
    CITY,
    ICC,
    IPTC,
    PHOTOS,
    RDF,
    SEED,
    data_set,
    every_photo,
    found_in,
    jpeg_file,
    packet,
    unpacked,
    with_segments,
)

from automask.images import Photo, open_photo, photo_bytes, without_metadata
from automask.images.containers import tiff_container
from automask.images.metadata import _is_place
from automask.images.png_text import raw_profile


def exif_read(data: bytes) -> Image.Exif:
    with Image.open(io.BytesIO(data)) as image:
        return image.getexif()


def written(photo: Photo, metadata: str, *, edit: bool = True) -> bytes:
    without, _ = without_metadata(photo, metadata)
    result, alpha = patch(photo) if edit else (photo.rgb, np.zeros(photo.rgb.shape[:2], np.uint8))
    return photo_bytes(without, result, alpha)


@every_photo
def test_the_secret_is_there_while_everything_is_kept(name: str, tmp_path: Path):
    photo = open_photo(PHOTOS[name](tmp_path / name))
    data = written(photo, "keep")
    assert CITY.encode() in found_in(data)
    assert set(found_in(data)) & {struct.pack("<I", SEED), struct.pack(">I", SEED)}
    assert exif_read(data).get_ifd(0x8825)[1] == "N"
    assert without_metadata(photo, "keep") == (photo, ())


@every_photo
@pytest.mark.parametrize("edit", [True, False])
@pytest.mark.parametrize("metadata", ["no-location", "none"])
def test_no_place_is_left_in_a_file(name: str, metadata: str, edit: bool, tmp_path: Path):
    photo = open_photo(PHOTOS[name](tmp_path / name))
    data = written(photo, metadata, edit=edit)
    assert found_in(data) == []
    assert not exif_read(data).get_ifd(0x8825)
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / name).write_bytes(data)
    again = open_photo(tmp_path / "again" / name)
    assert without_metadata(again, metadata)[1] == ()  # nothing is left that would go


@every_photo
def test_without_its_place_a_photo_says_everything_else(name: str, tmp_path: Path):
    photo = open_photo(PHOTOS[name](tmp_path / name))
    data = written(photo, "no-location")
    exif = exif_read(data)
    assert (exif[0x010F] if name != "a.tif" else "Test Camera") == "Test Camera"
    assert exif.get_ifd(0x8769)[0x9003] == "2024:05:06 07:08:09"
    searched = unpacked(data)
    assert b'dc:source="camera roll"' in searched
    assert b'exif:UserComment="a kitchen"' in searched
    assert b"Lutetia" in searched  # where the photographer lives
    if name.endswith((".jpg", ".tif")):
        assert b"a caption" in searched
        assert b"resolution" in searched
    if name.endswith(".jpg"):
        assert b"a comment" in searched
    if name == "a.png":
        profiles = dict(filter(None, (raw_profile(kind, body) for kind, body in png_chunks(data))))
        assert {*profiles} == {"8bim", "iptc", "xmp"}
        assert all(b"caption" in profiles[one] for one in ("8bim", "iptc"))
        assert b"Description\0a kitchen" in data
    if name == "a.tif":
        assert b"a kitchen" in data


@every_photo
@pytest.mark.parametrize("metadata", ["no-location", "none"])
def test_the_picture_looks_the_same(name: str, metadata: str, tmp_path: Path):
    photo = open_photo(PHOTOS[name](tmp_path / name))
    (tmp_path / "again").mkdir()
    both = []
    for setting in ("keep", metadata):
        path = tmp_path / "again" / name
        path.write_bytes(written(photo, setting))
        both.append(open_photo(path))
    kept, bare = both
    np.testing.assert_array_equal(kept.samples, bare.samples)
    np.testing.assert_array_equal(kept.rgb, bare.rgb)
    assert (kept.icc, kept.mode, kept.container.turn) == (bare.icc, bare.mode, bare.container.turn)


@every_photo
def test_with_none_nothing_personal_is_left(name: str, tmp_path: Path):
    data = written(open_photo(PHOTOS[name](tmp_path / name)), "none")
    searched = unpacked(data)
    words = (
        b"Test Camera",
        b"2024",
        b"caption",
        b"a comment",
        b"kitchen",
        b"Lutetia",
        b"xmpmeta",
        b"8BIM",
    )
    assert [word for word in words if word in searched.replace(ICC, b"")] == []
    exif = exif_read(data)
    if not name.endswith(".tif"):
        assert {*exif} <= {0x0112, 0x8769}
        assert {*exif.get_ifd(0x8769)} <= {0xA001}


@every_kind
@pytest.mark.parametrize("metadata", ["no-location", "none"])
def test_every_kind_of_photo_is_written_without(name: str, metadata: str, tmp_path: Path):
    photo = open_photo(make(name, tmp_path))
    assert photo.format == DECODES[name][0]
    without, _ = without_metadata(photo, metadata)
    path = tmp_path / f"again-{name}"
    path.write_bytes(photo_bytes(without, *patch(photo)))
    one = tmp_path / f"kept-{name}"
    one.write_bytes(photo_bytes(photo, *patch(photo)))
    np.testing.assert_array_equal(expanded(open_photo(path)), expanded(open_photo(one)))


def test_what_goes_is_said(tmp_path: Path):
    photo = open_photo(jpeg_file(tmp_path / "a.jpg"))
    said = {*without_metadata(photo, "no-location")[1]}
    assert said >= {"the place in EXIF", "the maker's notes in EXIF", "the place in XMP", "the place in IPTC", "APP6"}
    assert {*without_metadata(photo, "none")[1]} >= {"the tags of EXIF", "XMP", "Photoshop's data and IPTC", "comments"}
    plain = open_photo(saved(tmp_path / "plain.jpg", picture("RGB")))
    assert without_metadata(plain, "none")[1] == ()


def test_the_turn_of_a_jpeg_stays_wherever_it_was_said(tmp_path: Path):
    turn = packet('xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"', "")
    body = b"http://ns.adobe.com/xap/1.0/\0" + turn
    data = saved(tmp_path / "a.jpg", picture("RGB")).read_bytes()
    (tmp_path / "a.jpg").write_bytes(with_segments(data, (0xE1, body)))
    photo = open_photo(tmp_path / "a.jpg")
    assert photo.container.turn == 6
    assert exif_read(written(photo, "none"))[0x0112] == 6


# ------------------------------------------------------------------------------------------------------ odd and hostile


def with_exif(path: Path, exif: bytes) -> Path:
    body = b"Exif\0\0" + exif
    data = saved(path, picture("RGB")).read_bytes()
    path.write_bytes(with_segments(data, (0xE1, body)))
    return path


def directory(*entries: tuple[int, int, int, int], next_at: int = 0) -> bytes:
    return (
        struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *one) for one in entries)
        + struct.pack("<I", next_at)
    )


HIDDEN = {
    "bytes that no tag points at": b"II*\0" + struct.pack("<I", 8) + directory((271, 2, 4, 0x58)) + CITY.encode(),
    "a second directory": b"II*\0"
    + struct.pack("<I", 8)
    + directory(next_at=14)
    + directory((270, 2, 9, 32))
    + CITY.encode()
    + b"\0",
    "a directory of previews": b"II*\0"
    + struct.pack("<I", 8)
    + directory((330, 4, 1, 26))
    + directory((270, 2, 9, 44))
    + CITY.encode()
    + b"\0",
    "nothing that can be read": b"II*\0\xff\xff\xff\xff" + CITY.encode(),
    "a private tag": b"II*\0" + struct.pack("<I", 8) + directory((50000, 7, 8, 26)) + CITY.encode(),
}


@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("metadata", ["no-location", "none"])
def test_no_place_hides_in_exif(kind: str, metadata: str, tmp_path: Path):
    photo = open_photo(with_exif(tmp_path / "a.jpg", HIDDEN[kind]))
    assert CITY.encode() in written(photo, "keep")
    assert CITY.encode() not in written(photo, metadata)


XMP_HIDDEN = {
    "inside another property": packet(
        "", f'<dc:x xmlns:dc="d/"><rdf:Bag><rdf:li dc:GPSLatitude="{CITY}"/></rdf:Bag></dc:x>'
    ),
    "not XML": f"<x:xmpmeta {CITY}".encode(),
    "a second RDF": packet().replace(b"</x:xmpmeta>", f'<rdf:RDF {RDF} City="{CITY}"/></x:xmpmeta>'.encode()),
    "a document type": f'<!DOCTYPE x [<!ENTITY a "{CITY}">]>'.encode() + packet(),
}


@pytest.mark.parametrize("kind", XMP_HIDDEN)
def test_no_place_hides_in_xmp(kind: str, tmp_path: Path):
    photo = open_photo(saved(tmp_path / "a.webp", picture("RGB"), xmp=XMP_HIDDEN[kind]))
    data = written(photo, "no-location")
    assert CITY.encode() not in data
    assert without_metadata(photo, "no-location")[1] == (
        "XMP that cannot be read, or holds a place inside another property",
    )


def test_a_second_xmp_packet_goes(tmp_path: Path):
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet()
    data = saved(tmp_path / "a.jpg", picture("RGB"), xmp=packet("", "")).read_bytes()
    (tmp_path / "a.jpg").write_bytes(with_segments(data, (0xE1, body)))
    assert found_in(written(open_photo(tmp_path / "a.jpg"), "no-location")) == []


def test_iptc_with_long_or_broken_data_sets_loses_its_places_only(tmp_path: Path):
    long = b"\x1c\x02\x78\x80\x04" + struct.pack(">I", 70_000) + b"c" * 70_000
    (tmp_path / "a.tif").write_bytes(b"")
    for block, kept in ((long + IPTC, long), (data_set(105, b"head") + b"junk " + IPTC, data_set(105, b"head"))):
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[33723], tags.tagtype[33723] = block, 7
        photo = open_photo(saved(tmp_path / "a.tif", picture("RGB"), tiffinfo=tags))
        data = written(photo, "no-location")
        assert CITY.encode() not in data
        assert kept in data
        assert 33723 in {tag.number for tag in tiff_container(data, 1, []).tags}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        *(
            (f"http://ns.adobe.com/exif/1.0/{local}", True)
            for local in ("GPSLatitude", "GPSAltitudeRef", "GPSMapDatum")
        ),
        *((f"http://ns.example/{local}", True) for local in ("shotLocation", "CountryName", "gpsLongitude", "City")),
        *(
            (f"http://ns.example/{local}", False)
            for local in ("Opacity", "Allocation", "Velocity", "CiAdrCity", "Stateless")
        ),
        ("http://www.w3.org/2003/01/geo/wgs84_pos#", True),
        ("http://ns.adobe.com/photoshop/1.0/", False),
    ],
)
def test_names_of_places(name: str, place: bool):
    assert _is_place(name) == place
