"""What a file holds besides its picture goes, and so does every line that announces it."""

import hashlib
import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from pictures import avif, exif_bytes, heic, picture, rewritten, saved
from PIL import Image, PngImagePlugin, TiffImagePlugin

from automask.images import open_photo, properties_of, xmp_of
from automask.images.attachments import current_resources, current_xmp

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
KEPT = 'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="camera roll"'
GAIN_MAP = """ xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"
 xmlns:Container="http://ns.google.com/photos/1.0/container/"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/" """
DIRECTORY = """<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="Primary"/>
</rdf:li><rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="GainMap" Item:Length="999"/></rdf:li></rdf:Seq>
</Container:Directory>"""
MOTION = """ xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="1" GCamera:BurstID="b7"
 GCamera:MotionPhotoVersion="1" GCamera:MotionPhotoPresentationTimestampUs="500000" """
MICRO = """ xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" GCamera:MicroVideoVersion="1"
 GCamera:MicroVideoOffset="777" """
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0\0\0\x08mdat" * 50
SAMSUNG = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + FILM + b"SEFH\x6b\0\0\0\x01\0\0\0SEFT"
STAMP = b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000SEFH\x6b\0\0\0\x01\0\0\0SEFT"
NO_MAP = "the HDR gain map in the file is not kept: the result is as bright as on an ordinary screen"
NO_FILM = "the film of this motion photo is not kept"
NO_SECOND = "a second picture in the file (preview, depth or HDR gain map) is not kept"


def packet(attributes: str = "", inside: str = "") -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description rdf:about="" {KEPT}{attributes}>'
        f"{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def jpeg(xmp: bytes = b"", *segments: tuple[int, bytes], **options: object) -> bytes:
    """A photo with more segments after its first."""
    buffer = io.BytesIO()
    picture("RGB").save(buffer, "JPEG", **options)
    data = buffer.getvalue()
    every = [*([(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)] if xmp else []), *segments]
    more = b"".join(b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in every)
    return data[:20] + more + data[20:]


def index(size: int) -> tuple[int, bytes]:
    """A multi-picture index of two pictures."""
    entries = struct.pack("<IIIHH", 0x030000, size, 0, 0, 0) + struct.pack("<IIIHH", 0, 999, size, 0, 0)
    tags = struct.pack("<HHI4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHII", 0xB001, 4, 1, 2)
    tags += struct.pack("<HHII", 0xB002, 7, 32, 50)
    return 0xE2, b"MPF\0II*\0\x08\0\0\0" + struct.pack("<H", 3) + tags + bytes(4) + entries


def ultra_hdr(announced: str) -> bytes:
    second = jpeg(packet(GAIN_MAP)) if announced == "second" else jpeg()
    if announced == "xmp":
        return jpeg(packet(GAIN_MAP, DIRECTORY)) + second
    if announced == "iso":
        return jpeg(b"", (0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0")) + second
    return jpeg(b"", index(len(jpeg()))) + second


def apple() -> bytes:
    return jpeg(b"", index(len(jpeg()))) + jpeg(b"<apdi:AuxiliaryImageType>urn:com:apple:photo:2020:aux:hdrgainmap</x>")


TAILS = {
    "a gain map by XMP": (ultra_hdr("xmp"), [NO_MAP]),
    "a gain map by ISO 21496-1": (ultra_hdr("iso"), [NO_MAP]),
    "a gain map by its own XMP": (ultra_hdr("second"), [NO_MAP]),
    "a gain map of an iPhone": (apple(), [NO_MAP]),
    "a second picture by index": (ultra_hdr("index"), [NO_SECOND]),
    "a second picture that nothing announces": (jpeg() + jpeg(), [NO_SECOND]),
    "a motion photo": (jpeg(packet(MOTION)) + FILM, [NO_FILM]),
    "a gain map and a film": (jpeg(packet(GAIN_MAP + MOTION, DIRECTORY)) + jpeg() + FILM, [NO_MAP, NO_FILM]),
    "a micro video": (jpeg(packet(MICRO)) + FILM, [NO_FILM]),
    "a film in a trailer": (jpeg() + SAMSUNG, [NO_FILM]),
    "a trailer of another kind": (jpeg() + STAMP, [f"{len(STAMP.strip(bytes(1)))} bytes behind the picture, "]),
    "padding": (jpeg() + bytes(4096), []),
    "a line feed": (jpeg() + b"\r\n", []),
    "nothing": (jpeg(packet()), []),
}
ANNOUNCEMENTS = (
    *(b"hdrgm", b"hdr-gain-map", b"Container", b"Item:", b"MotionPhoto", b"MicroVideo"),
    *(b"MPF\0", b"21496", b"ftyp", b"SEFT"),
)


@pytest.mark.parametrize("edit", [False, True])
@pytest.mark.parametrize("kind", TAILS)
def test_what_follows_a_picture_goes_with_its_announcement_and_is_said(kind: str, edit: bool, tmp_path: Path):
    data, said = TAILS[kind]
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    photo = open_photo(path)
    assert len(photo.notes) == len(said)
    assert all(note.startswith(start) for note, start in zip(photo.notes, said, strict=True))
    again, written = rewritten(photo, tmp_path / "out", edit=edit)
    result = written.path.read_bytes()
    assert not [mark for mark in ANNOUNCEMENTS if mark in result]
    assert result.endswith(b"\xff\xd9")
    assert result.count(b"\xff\xd9") == 1
    assert again.notes == ()
    if xmp_of(photo):
        assert b'dc:source="camera roll"' in result
        properties_of(xmp_of(again))
    assert (b'GCamera:BurstID="b7"' in result) == (MOTION.encode() in data)


@pytest.mark.parametrize("progressive", [False, True])
def test_the_end_of_a_picture_is_found_behind_tables_that_look_like_it(progressive: bool, tmp_path: Path):
    data = jpeg(b"", (0xFE, b"a comment with \xff\xd9 in it"), progressive=progressive)
    scan = data.rindex(b"\xff\xda")
    table = b"\xff\xfe\0\x06\xff\xd9\xff\xd9"
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:scan] + table + data[scan:])
    assert open_photo(path).notes == ()
    path.write_bytes(data[:scan] + table + data[scan:] + FILM)
    assert open_photo(path).notes == (NO_FILM,)


def test_a_picture_without_an_end_has_nothing_behind_it():
    from automask.images.containers import jpeg_end

    data = jpeg()
    assert jpeg_end(data + b"more") == len(data)
    assert jpeg_end(data[:-2]) == len(data) - 2
    assert jpeg_end(b"\xff\xd8\xff\xe0") == 4


# ------------------------------------------------------------------------------------------------------------ previews

THUMBNAIL = b"\0\0\0\1" + bytes(24) + b"\xff\xd8old picture\xff\xd9"
CAPTION = b"\x1c\x02\x78\0\x03cap"
THUMBNAILS = (
    "<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType='Resource'><xmpGImg:format>JPEG</xmpGImg:format>"
    "<xmpGImg:image>b2xkIHBpY3R1cmU=</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>"
)
OLD = packet(' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"', THUMBNAILS)
REFOCUS = packet(
    ' xmlns:GImage="http://ns.google.com/photos/1.0/image/" GImage:Mime="image/jpeg" GImage:Data="b2xkIHBpY3R1cmU="'
    ' xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" GDepth:Near="1" GDepth:Data="b2xkIHBpY3R1cmU="'
)


def resource(number: int, body: bytes, name: bytes = b"") -> bytes:
    title = bytes([len(name)]) + name
    title += bytes(len(title) % 2)
    return b"8BIM" + struct.pack(">H", number) + title + struct.pack(">I", len(body)) + body + bytes(len(body) % 2)


FIRST, LAST = resource(0x0404, CAPTION), resource(0x03ED, bytes(16), b"name")


@pytest.mark.parametrize("number", [0x0409, 0x040C])
def test_thumbnails_among_photoshops_resources_go(number: int, tmp_path: Path):
    block = FIRST + resource(number, THUMBNAIL) + LAST
    start = b"Photoshop 3.0\0"
    for cut in (len(block), 40):  # a long block goes on in the next segment
        parts = [(0xED, start + part) for part in (block[:cut], block[cut:]) if part]
        path = tmp_path / "a.jpg"
        path.write_bytes(jpeg(b"", *parts))
        for edit in (False, True):
            result = rewritten(open_photo(path), tmp_path / "out", edit=edit)[1].path.read_bytes()
            assert b"old picture" not in result
            assert b"\xff\xed" + struct.pack(">H", 2 + len(start + FIRST + LAST)) + start + FIRST + LAST in result


def test_thumbnails_among_the_resources_of_a_tiff_go(tmp_path: Path):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[34377], info[700] = FIRST + resource(0x040C, THUMBNAIL) + LAST, OLD
    info.tagtype[34377] = info.tagtype[700] = 7
    photo = open_photo(saved(tmp_path / "a.tif", picture("RGB"), tiffinfo=info))
    result = rewritten(photo, tmp_path / "out")[1].path
    assert b"old picture" not in result.read_bytes()
    assert b"b2xkIHBpY3R1cmU=" not in result.read_bytes()
    with Image.open(result) as image:
        assert image.tag_v2[34377] == FIRST + LAST
        assert b"camera roll" in image.tag_v2[700]


@pytest.mark.parametrize("zip_", [True, False])
@pytest.mark.parametrize(
    ("name", "old", "current"),
    [
        ("8bim", FIRST + resource(0x040C, THUMBNAIL) + LAST, FIRST + LAST),
        ("iptc", resource(0x0409, THUMBNAIL) + FIRST, FIRST),
        ("xmp", OLD, None),
    ],
)
def test_old_pictures_in_a_pngs_raw_profiles_go(
    name: str, old: bytes, current: bytes | None, zip_: bool, tmp_path: Path
):
    text = PngImagePlugin.PngInfo()
    text.add_text(f"Raw profile type {name}", f"\n{name}\n{len(old):8}\n{old.hex()}\n", zip=zip_)
    photo = open_photo(saved(tmp_path / "a.png", picture("RGB"), pnginfo=text))
    with Image.open(rewritten(photo, tmp_path / "out")[1].path) as image:
        _, said, size, digits = image.info[f"Raw profile type {name}"].split("\n", 3)
    profile = bytes.fromhex(digits)
    assert (said, int(size)) == (name, len(profile))
    assert profile == (current_xmp(OLD) if current is None else current)
    assert b"old picture" not in profile
    assert b"b2xkIHBpY3R1cmU=" not in profile


@pytest.mark.parametrize("broken", ["\nxmp\n9\nno digits", "", "\n8bim\n", "\nxmp"])
def test_raw_profiles_that_cannot_be_read_stay_as_they_are(broken: str, tmp_path: Path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type 8bim", broken)
    photo = open_photo(saved(tmp_path / "a.png", picture("RGB"), pnginfo=text))
    with Image.open(rewritten(photo, tmp_path / "out")[1].path) as image:
        assert image.info["Raw profile type 8bim"] == broken


@pytest.mark.parametrize("name", ["exif", "APP1"])
def test_the_preview_in_a_pngs_exif_profile_goes(name: str, tmp_path: Path):
    exif = exif_bytes(1)
    text = PngImagePlugin.PngInfo()
    text.add_text(f"Raw profile type {name}", f"\n{name}\n{len(exif):8}\n{exif.hex()}\n", zip=True)
    photo = open_photo(saved(tmp_path / "a.png", picture("RGB"), pnginfo=text))
    with Image.open(rewritten(photo, tmp_path / "out")[1].path) as image:
        assert image.getexif()[0x010F] == "Test Camera"
        assert not image.getexif().get_ifd(1)
        assert not [key for key in image.info if key.startswith("Raw profile")]


def test_resources_without_a_thumbnail_and_broken_ones_stay_byte_for_byte():
    for block in (FIRST + LAST, b"", b"8BIM", FIRST + b"8BIM\x04\x0c\0\0\0\0", bytes(40)):
        assert current_resources(block) == block


def as_webp(path: Path, xmp: bytes) -> Path:
    return saved(path, picture("RGB"), lossless=True, xmp=xmp)


def as_png(path: Path, xmp: bytes) -> Path:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=True)
    return saved(path, picture("RGB"), pnginfo=text)


def as_jpeg(path: Path, xmp: bytes) -> Path:
    path.write_bytes(jpeg(xmp))
    return path


@pytest.mark.parametrize("xmp", [OLD, REFOCUS], ids=["thumbnails", "refocus"])
@pytest.mark.parametrize("make", [as_jpeg, as_png, as_webp])
def test_old_pictures_in_xmp_go_and_the_rest_stays(make, xmp: bytes, tmp_path: Path):
    photo = open_photo(make(tmp_path / f"a.{make.__name__[3:]}", xmp))
    for found in (photo, rewritten(photo, tmp_path / "out")[0]):
        assert b"b2xkIHBpY3R1cmU=" not in xmp_of(found)
        assert b'dc:source="camera roll"' in xmp_of(found)
    assert current_xmp(xmp_of(photo)) == xmp_of(photo)


@heic
def test_a_heic_that_announces_a_film_says_so_and_no_longer_does(tmp_path: Path):
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = saved(tmp_path / "a.heic", picture("RGB"), xmp=packet(MOTION))
    photo = open_photo(path)
    assert photo.notes == (NO_FILM,)
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.notes == ()
    assert b"MotionPhoto" not in xmp_of(again)


@avif
@pytest.mark.parametrize("xmp", [b"", packet(GAIN_MAP)])
def test_the_gain_map_of_an_avif_is_said_whether_or_not_xmp_announces_it(xmp: bytes, tmp_path: Path):
    options = {"xmp": xmp} if xmp else {}
    data = saved(tmp_path / "a.avif", picture("RGB"), exif=exif_bytes(1), **options).read_bytes()
    assert open_photo(data).notes == ((NO_MAP,) if xmp else ())
    with_item, count = re.subn(rb"(infe.{8})Exif", rb"\1tmap", data, flags=re.DOTALL)
    assert count == 1
    photo = open_photo(with_item)
    assert photo.notes == (NO_MAP,)
    again, _ = rewritten(photo, tmp_path / "out")
    assert again.notes == ()


def long_packet(xmp: bytes) -> list[tuple[int, bytes]]:
    """The segments of a packet that goes on after the first one."""
    name, step = hashlib.md5(xmp, usedforsecurity=False).hexdigest().upper().encode(), 65000
    start = b"http://ns.adobe.com/xmp/extension/\0" + name
    heads = [(at, struct.pack(">II", len(xmp), at)) for at in range(0, len(xmp), step)]
    return [(0xE1, start + head + xmp[at : at + step]) for at, head in heads]


def with_long_packet(xmp: bytes, *, swapped: bool = False, cut: bool = False) -> bytes:
    segments = long_packet(xmp)
    name = segments[0][1][35:67].decode()
    main = packet(f' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{name}"')
    segments = segments[::-1] if swapped else segments
    return jpeg(main, *(segments[:-1] if cut else segments))


@pytest.mark.parametrize("swapped", [False, True])
def test_an_old_picture_in_a_packet_of_several_segments_goes(swapped: bool, tmp_path: Path):
    rng = np.random.default_rng(3)
    old = "".join(map(chr, rng.integers(65, 91, 150_000)))
    kept = "".join(map(chr, rng.integers(97, 123, 90_000)))
    xmp = packet(
        f' xmlns:GImage="http://ns.google.com/photos/1.0/image/" GImage:Data="{old}" xmlns:my="urn:my" my:note="{kept}"'
    )
    path = tmp_path / "a.jpg"
    path.write_bytes(with_long_packet(xmp, swapped=swapped))
    result = rewritten(open_photo(path), tmp_path / "out")[1].path.read_bytes()
    assert old[70_000:70_100].encode() not in result
    current = xmp.replace(f' xmlns:GImage="http://ns.google.com/photos/1.0/image/" GImage:Data="{old}"'.encode(), b"")
    for marker, body in long_packet(current):
        assert b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body in result
    assert b'HasExtendedXMP="' + long_packet(current)[0][1][35:67] in result


def test_a_long_packet_without_old_pictures_stays_and_one_that_is_cut_goes(tmp_path: Path):
    path = tmp_path / "a.jpg"
    xmp = packet(f' xmlns:my="urn:my" my:note="{"words " * 30_000}"')
    path.write_bytes(with_long_packet(xmp))
    result = rewritten(open_photo(path), tmp_path / "out", edit=False)[1].path.read_bytes()
    assert all(body in result for _, body in long_packet(xmp))
    path.write_bytes(with_long_packet(xmp, cut=True))
    result = rewritten(open_photo(path), tmp_path / "out", edit=False)[1].path.read_bytes()
    assert b"xmp/extension" not in result
    assert b"HasExtendedXMP" not in result
    assert b"camera roll" in result


def test_a_packet_that_cannot_be_read_and_may_hold_an_old_picture_goes(tmp_path: Path):
    broken = OLD.replace(b"</rdf:RDF>", b"")
    assert current_xmp(broken) == b""
    assert current_xmp(broken.replace(b"Thumbnails", b"Captions")) != b""
    path = as_jpeg(tmp_path / "a.jpg", broken)
    assert xmp_of(open_photo(path)) == b""
