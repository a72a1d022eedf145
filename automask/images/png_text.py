"""Text chunks of a PNG, and the profiles that ImageMagick keeps in them as hexadecimal digits."""

import re
import zlib

TEXT_KINDS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
MAX_TEXT_BYTES = 1 << 24
_RAW_PROFILE = b"Raw profile type "
_DIGITS_A_LINE = 72


def inflated(data: bytes) -> bytes:
    """Text out of a compressed chunk.

    Raises:
        ValueError: It is broken, or longer than 16 MB: 4 MB of a file can hold 4 GB of zeros.
    """
    unpack = zlib.decompressobj()
    try:
        text = unpack.decompress(data, MAX_TEXT_BYTES)
    except zlib.error as error:
        raise ValueError("text that cannot be decompressed") from error
    if unpack.unconsumed_tail:
        raise ValueError(f"text of more than {MAX_TEXT_BYTES >> 20} MB")
    return text


def keyword_of(body: bytes) -> bytes:
    """The keyword of a text chunk of any kind."""
    return body.partition(b"\0")[0]


def raw_profile(kind: bytes, body: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the profile in a text chunk ("8bim", "iptc", "xmp", "exif", "APP1"); None without one.

    Raises:
        ValueError: It says to hold one that cannot be read.
    """
    keyword, _, rest = body.partition(b"\0")
    if kind not in TEXT_KINDS or not keyword.startswith(_RAW_PROFILE):
        return None
    if kind == b"iTXt":
        text = [*rest[2:].split(b"\0", 2), b"", b""][2]
        text = inflated(text) if rest[:1] == b"\1" else text
    else:
        text = inflated(rest[1:]) if kind == b"zTXt" else rest
    lines = text.strip().split(b"\n", 2)  # name, length, digits
    return keyword.removeprefix(_RAW_PROFILE).decode("latin-1"), bytes.fromhex(lines[2].decode()) if lines[2:] else b""


def with_raw_profile(body: bytes, profile: bytes) -> bytes:
    """The body of a compressed text chunk (zTXt) with the keyword of `body` and another profile."""
    keyword = keyword_of(body)
    name, digits = keyword.removeprefix(_RAW_PROFILE), profile.hex().encode()
    lines = re.findall(rb".{1,%d}" % _DIGITS_A_LINE, digits)
    text = b"\n".join([b"", name, b"%8d" % len(profile), *lines, b""])
    return keyword + b"\0\0" + zlib.compress(text)
