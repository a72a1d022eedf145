"""XMP: reading properties, and changing them without changing anything else, in any format."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pictures import DECODES, every_kind, heic, make, patch, picture, saved
from PIL import Image

from automask.images import Photo, open_photo, properties_of, with_properties, with_xmp, write_photo, xmp_of

TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
NEW = {"Iptc4xmpExt:DigitalSourceType": TYPE, "photoshop:Instructions": "Digitally altered: island & <cabinets>"}
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
CAMERA = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b"<!-- kept --><r:RDF xmlns:r='" + RDF.encode() + b"'>\n"
    b'<r:Description r:about="uuid:7" xmlns:ps="http://ns.adobe.com/photoshop/1.0/"\n ps:City = "Oakland" '
    b"ps:Instructions='old > \"words\"' xmlns:dc='http://purl.org/dc/elements/1.1/'>\n"
    b'<dc:title><r:Alt><r:li xml:lang="x-default">Kitchen &amp; bath</r:li></r:Alt></dc:title>\n'
    b'<Q:DigitalSourceType xmlns:Q="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" r:resource="http://old/type"/>\n'
    b"</r:Description><r:Description r:about='uuid:7' xmlns:mine='urn:mine' mine:x='1'/>\n</r:RDF></x:xmpmeta>"
    + b"\n" * 40
    + b'<?xpacket end="w"?>'
)


def descriptions(packet: bytes) -> list[ElementTree.Element]:
    return ElementTree.fromstring(packet.rstrip(b"\0")).findall(f".//{{{RDF}}}Description")  # noqa: S314 - our own


def seen_by_pillow(path: Path) -> bytes:
    with Image.open(path) as image:
        info = {**image.info, **{"tag": image.tag_v2.get(700)}} if hasattr(image, "tag_v2") else image.info
        found = info.get("xmp") or info.get("XML:com.adobe.xmp") or info.get("tag")
    return found.encode() if isinstance(found, str) else bytes(found)


def written(photo: Photo, path: Path) -> Photo:
    result, alpha = patch(photo)
    return open_photo(write_photo(photo, result, alpha, path).path)


# ------------------------------------------------------------------------------------------------------------- packets


def test_a_new_packet_has_the_given_properties():
    packet = with_properties(b"", {**NEW, "dc:description": "Digitally altered", "xmp:CreatorTool": "automask"})
    assert properties_of(packet) == {**NEW, "dc:description": "Digitally altered", "xmp:CreatorTool": "automask"}
    assert properties_of(b"") == {}


def test_properties_are_read_from_attributes_elements_and_resources():
    assert properties_of(CAMERA) == {
        "photoshop:Instructions": 'old > "words"',
        "Iptc4xmpExt:DigitalSourceType": "http://old/type",
    }


def test_everything_else_in_a_packet_stays_byte_for_byte():
    made = with_properties(CAMERA, NEW)
    assert properties_of(made) == NEW
    assert b"old" not in made
    own = re.sub(rb"<rdf:Description.*?</rdf:Description>\n", b"", made, flags=re.DOTALL)
    gone = re.sub(rb"""\s+ps:Instructions='[^']*'|<Q:[^>]*/>""", b"", CAMERA)
    assert own == gone
    assert {item.get(f"{{{RDF}}}about") for item in descriptions(made)} == {"uuid:7"}


def test_setting_a_property_twice_stores_it_once():
    twice = with_properties(with_properties(CAMERA, NEW), NEW)
    assert twice.count(b"algorithmicallyEnhanced") == 1
    assert properties_of(twice) == NEW


@pytest.mark.parametrize("root", [b"<R:RDF xmlns:R='%s'/>", b"<RDF xmlns='%s'></RDF>"])
def test_an_empty_packet_is_filled(root: bytes):
    made = with_properties(root % RDF.encode(), NEW)
    assert properties_of(made) == NEW
    assert len(descriptions(made)) == 1


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        (b"<a", "unclosed token"),
        (b"<a/>", "no rdf:RDF"),
        (b"words", "syntax error"),
        (b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>', "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b"<a>&b;</a>", "undefined entity"),
        ("<a/>".encode("utf-16"), "not UTF-8"),
        (b"<a>" * 50_000, "no element found"),
        (b"".join(b"<a xmlns:b%d='c'>" % number for number in range(20_000)), "no element found"),
    ],
)
def test_a_hostile_or_broken_packet_is_refused(packet: bytes, said: str):
    with pytest.raises(ValueError, match=said):
        with_properties(packet, NEW)
    with pytest.raises(ValueError, match=said):
        properties_of(packet)


@given(st.text(max_size=30))
def test_any_text_leaves_the_packet_well_formed(text: str):
    made = with_properties(CAMERA, {"dc:description": text, "photoshop:Instructions": text})
    assert len(descriptions(made)) == 3


@given(st.integers(0, len(CAMERA) - 1), st.binary(min_size=1, max_size=4))
@example(585, b"-")  # a prefix that nothing declares
@example(74, b"}")  # the letter that readers part a namespace with
def test_damaged_packets_are_changed_or_raise_value_error(at: int, damage: bytes):
    packet = CAMERA[:at] + damage + CAMERA[at + len(damage) :]
    try:
        made = with_properties(packet, NEW)
    except ValueError:
        return
    assert TYPE.encode() in made
    descriptions(made)


# ------------------------------------------------------------------------------------------------------------- formats

HOLDS_NONE = ("BMP", "GIF")
every_holding_kind = pytest.mark.parametrize(
    "name", [kind for kind in every_kind.args[1] if DECODES[kind.values[0]][0] not in HOLDS_NONE]
)


@every_kind
def test_a_format_holds_the_packet_or_says_that_it_cannot(name: str, tmp_path: Path):
    photo = open_photo(make(name, tmp_path))
    packet = with_properties(b"", NEW)
    if photo.format in HOLDS_NONE:
        assert xmp_of(photo) is None
        with pytest.raises(ValueError, match="holds no XMP"):
            with_xmp(photo, packet)
        return
    assert xmp_of(photo) == b""
    again = written(with_xmp(photo, packet), tmp_path / "out" / name)
    assert xmp_of(again) == packet
    assert seen_by_pillow(again.source) == packet


@every_holding_kind
def test_a_packet_changes_neither_samples_nor_exif_nor_profile(name: str, tmp_path: Path):
    photo = open_photo(make(name, tmp_path))
    plain = written(photo, tmp_path / "plain" / name)
    changed = written(with_xmp(photo, with_properties(b"", NEW)), tmp_path / "changed" / name)
    assert (changed.mode, changed.exif, changed.icc) == (plain.mode, plain.exif, plain.icc)
    np.testing.assert_array_equal(changed.samples, plain.samples)


def with_old(name: str, folder: Path, packet: bytes) -> Path:
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    options: dict[str, object] = {"exif": exif, "icc_profile": b"", "xmp": packet}
    if name.endswith(".png"):
        from PIL import PngImagePlugin

        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
        options = {"exif": exif, "pnginfo": text}
    if name.endswith(".tif"):
        options = {"tiffinfo": {700: packet, 271: "Camera maker"}}
    return saved(folder / name, picture("RGB"), **options)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", pytest.param("a.heic", marks=heic)])
def test_a_photo_s_own_packet_is_replaced_in_place(name: str, tmp_path: Path):
    if name.endswith(".heic"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    photo = open_photo(with_old(name, tmp_path, CAMERA))
    assert xmp_of(photo) == CAMERA
    made = with_properties(CAMERA, NEW)
    again = written(with_xmp(photo, made), tmp_path / "out" / name)
    assert xmp_of(again) == made
    assert again.exif == photo.exif
    assert again.source.read_bytes().count(b"Oakland") == 1


def test_a_jpeg_keeps_every_byte_except_its_packet(tmp_path: Path):
    photo = open_photo(with_old("a.jpg", tmp_path, CAMERA))
    plain = written(photo, tmp_path / "plain.jpg").source.read_bytes()
    made = with_properties(CAMERA, NEW)
    changed = written(with_xmp(photo, made), tmp_path / "changed.jpg").source.read_bytes()
    start = plain.index(b"http://ns.adobe.com/xap/1.0/\0")
    assert changed[: start - 2] == plain[: start - 2]
    assert changed[start + 29 + len(made) :] == plain[start + 29 + len(CAMERA) :]


def test_a_jpeg_drops_the_packet_s_padding_before_it_fails(tmp_path: Path):
    photo = open_photo(make("rgb.jpg", tmp_path))
    padded = CAMERA.replace(b"\n" * 40, b"\n" * 70_000)
    assert properties_of(xmp_of(with_xmp(photo, with_properties(padded, NEW)))) == NEW
    with pytest.raises(ValueError, match="more than a JPEG segment holds"):
        with_xmp(photo, CAMERA.replace(b"Oakland", b"O" * 70_000))


def test_every_format_is_covered_here():
    assert {kind for kind, _, _ in DECODES.values()} >= {"JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "HEIF", "AVIF"}
