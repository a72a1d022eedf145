"""Photos for tests that hold the place where they were taken in every corner of their format."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from pictures import avif, heic, picture, png_chunks, saved, saved_heif, saved_with_chunks
from PIL import Image, ImageCms, PngImagePlugin, TiffImagePlugin

from automask.images.png_text import with_raw_profile

SEED = 123_457
"""Of the seconds of latitude, in thousandths."""
CITY = "Atlantis"
MAKER = b"Nokinikon 42, written near Atlantis"
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
PROPERTIES = f"""xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="camera roll"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,51.{SEED}N" exif:UserComment="a kitchen"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="{CITY}" photoshop:State="{CITY}"
 xmlns:drone="http://www.dji.com/drone-dji/1.0/" drone:GpsLongtitude="{SEED}"
 xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" Iptc4xmpCore:Location="{CITY}"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" geo:lat="{SEED}" """
ADDRESS = """<Iptc4xmpCore:CreatorContactInfo rdf:parseType="Resource">
<Iptc4xmpCore:CiAdrCity>Lutetia</Iptc4xmpCore:CiAdrCity></Iptc4xmpCore:CreatorContactInfo>"""
SHOWN = f"""<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li rdf:parseType="Resource">
<Iptc4xmpExt:City>{CITY}</Iptc4xmpExt:City></rdf:li></rdf:Bag></Iptc4xmpExt:LocationShown>"""


def packet(attributes: str = PROPERTIES, inside: str = ADDRESS + SHOWN) -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description rdf:about="" {attributes}>'
        f"{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def data_set(number: int, text: bytes) -> bytes:
    return b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text)) + text


IPTC = data_set(120, b"a caption") + b"".join(data_set(n, CITY.encode()) for n in (26, 27, 90, 92, 95, 100, 101))


def resource(number: int, value: bytes) -> bytes:
    return b"8BIM" + struct.pack(">H", number) + b"\0\0" + struct.pack(">I", len(value)) + value + bytes(len(value) % 2)


RESOURCES = (
    resource(0x0404, IPTC) + resource(0x0424, packet()) + resource(0x03ED, b"resolution") + resource(0x0422, MAKER)
)


def exif_of(turn: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x8298] = "Test Camera", turn, "me"
    inside = exif.get_ifd(0x8769)
    inside[0x9003], inside[0x927C], inside[0xA001] = "2024:05:06 07:08:09", MAKER, 1
    seconds = TiffImagePlugin.IFDRational(SEED, 1000)
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, seconds), 3: "E", 4: (2.0, 21.0, seconds)})
    return exif


ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_segments(data: bytes, *segments: tuple[int, bytes]) -> bytes:
    """A JPEG with more segments in front of its tables."""
    more = (b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments)
    at = data.index(b"\xff\xdb")
    return b"".join([data[:at], *more, data[at:]])


def jpeg_file(path: Path, turn: int = 1, **options: object) -> Path:
    buffer = io.BytesIO()
    mode = options.pop("mode", "RGB")
    icc = {} if mode != "RGB" else {"icc_profile": ICC}
    picture(mode).save(buffer, "JPEG", exif=exif_of(turn), comment=b"a comment", **icc, **options)
    data = buffer.getvalue()
    bodies = [
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet()),
        (0xED, b"Photoshop 3.0\0" + RESOURCES),
        (0xE6, b"GoPro\0" + MAKER),
        (0xE1, b"FLIR\0" + MAKER),
    ]
    path.write_bytes(with_segments(data, *bodies))
    return path


def png_file(path: Path, **options: object) -> Path:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet().decode(), zip=True)
    info.add_text("Description", "a kitchen")
    info.add_text("exif:GPSLatitude", f"48/1, 51/1, {SEED}/1000")
    info.add_text("Location", CITY, zip=True)
    extra = [
        (b"zTXt", with_raw_profile(b"Raw profile type 8bim\0", RESOURCES)),
        (b"zTXt", with_raw_profile(b"Raw profile type iptc\0", IPTC)),
        (b"zTXt", with_raw_profile(b"Raw profile type xmp\0", packet())),
        (b"zTXt", with_raw_profile(b"Raw profile type APP1\0", MAKER)),
        (b"plAc", MAKER),
    ]
    return saved_with_chunks(path, picture("RGB"), *extra, pnginfo=info, exif=exif_of(), icc_profile=ICC, **options)


def tiff_file(path: Path) -> Path:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for number, value in ((700, packet()), (33723, IPTC), (34377, RESOURCES), (50000, MAKER)):
        tags[number], tags.tagtype[number] = value, 7
    tags[270], tags[33922], tags.tagtype[33922] = "a kitchen", (0.0, 0.0, 0.0, float(SEED), 48.0, 0.0), 12
    exif = exif_of()
    for number in (0x8769, 0x8825):
        tags[number] = dict(exif.get_ifd(number))
    return saved(path, picture("RGB"), tiffinfo=tags, icc_profile=ICC, dpi=(300, 300))


def boxed_file(path: Path) -> Path:
    options = {"exif": exif_of().tobytes(), "xmp": packet(), "icc_profile": ICC}
    return saved_heif(path, "RGB", **options) if path.suffix == ".heic" else saved(path, picture("RGB"), **options)


PHOTOS = {
    "a.jpg": jpeg_file,
    "progressive.jpg": lambda path: jpeg_file(path, progressive=True),
    "turned.jpg": lambda path: jpeg_file(path, 6),
    "grey.jpg": lambda path: jpeg_file(path, mode="L"),
    "ink.jpg": lambda path: jpeg_file(path, mode="CMYK"),
    "a.png": png_file,
    "a.tif": tiff_file,
    "a.webp": boxed_file,
    "a.heic": boxed_file,
    "a.avif": boxed_file,
}
every_photo = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=heic if "heic" in n else avif if "avif" in n else ()) for n in PHOTOS]
)
SECRETS = (
    *(CITY.encode(), CITY.encode().hex().encode(), str(SEED).encode(), MAKER[:12], MAKER[:12].hex().encode()),
    *(struct.pack(order, SEED) for order in ("<I", ">I", "<d", ">d")),
)


def unpacked(data: bytes) -> bytes:
    """The file, and what of it is compressed text, as bytes that can be searched."""
    if not data.startswith(b"\x89PNG"):
        return data
    texts = []
    for kind, body in png_chunks(data):
        if kind == b"zTXt":
            texts.append(zlib.decompress(body.partition(b"\0")[2][1:]).replace(b"\n", b""))
        elif kind == b"iTXt" and body.partition(b"\0")[2][:1] == b"\1":
            texts.append(zlib.decompress(body[body.index(b"x\x9c") :]))
    return b"".join([data, *texts])


def found_in(data: bytes) -> list[bytes]:
    return [secret for secret in SECRETS if secret in unpacked(data)]
