"""Files that no photo's record names, such as sheets of a batch: each says of itself that automask wrote it.

A comment in a picture, or a key in JSON, holds the digest of all the rest, so that a file that a person changed, or put
there under the same name, is told from automask's own and never replaced.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from automask.errors import OutputError
from automask.fingerprint import bytes_digest
from automask.images import atomic_path, picture_bytes, read_regular
from automask.results.records import read_record
from automask.types import Rgb

_SAYS = b"automask sheet "
_MOST_BYTES = 1 << 28


def write_sheet(path: Path, rgb: Rgb, *, overwrite: bool = False) -> Path:
    """Writes a sealed picture, JPEG or PNG by its ending; its path.

    Where that is a file that automask did not write, or that was changed since, the name gets a number.

    Raises:
        OutputError: It cannot be written.
    """
    format_: Literal["PNG", "JPEG"] = "PNG" if path.suffix.lower() == ".png" else "JPEG"
    data = sealed(picture_bytes(rgb, format_, path.name))
    target = path if overwrite else next((one for one in _numbered(path) if is_free(one)), None)
    if target is None:
        raise OutputError(f"no name is free for {str(path)!r}", hint="name another folder")
    with atomic_path(target) as part:
        part.write_bytes(data)
    return target


def _numbered(path: Path) -> Iterator[Path]:
    """`contact-sheet.jpg`, `contact-sheet.2.jpg`, or `kitchen.variants.jpg`, `kitchen.2.variants.jpg`, and so on."""
    yield path
    stem, dot, rest = path.name.rpartition(".variants.") if ".variants." in path.name else path.name.rpartition(".")
    for number in range(2, 1000):
        yield path.with_name(f"{stem}.{number}{dot}{rest}")


def is_free(path: Path) -> bool:
    """Whether nothing is at a path, or only a sheet as automask wrote it."""
    try:
        data = read_regular(path, _MOST_BYTES)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if _SAYS in data[: _AFTER_HEADER[-1] + 200]:
        return is_sealed(data)
    return not data or _is_of_0_1(path.parent)


def _is_of_0_1(folder: Path) -> bool:
    """Whether results in a folder are of 0.1, whose sheets had no seal."""
    records = (read_record(path) for path in folder.rglob("*.run.json"))
    return any(record and "files" not in record for record in records)


_AFTER_HEADER = (20, 33)  # of a JPEG after JFIF, of a PNG after IHDR


def sealed(data: bytes) -> bytes:
    """A JPEG or PNG, as Pillow writes it, with its seal."""
    body = _SAYS + bytes_digest(data).encode()
    if data.startswith(b"\x89PNG"):
        at, body = _AFTER_HEADER[1], b"Comment\0" + body
        block = struct.pack(">I", len(body)) + b"tEXt" + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(b"tEXt")))
    else:
        at, block = _AFTER_HEADER[0], b"\xff\xfe" + struct.pack(">H", len(body) + 2) + body
    return data[:at] + block + data[at:]


def is_sealed(data: bytes) -> bool:
    """Whether a file is as `sealed` made it."""
    at = _AFTER_HEADER[1] if data.startswith(b"\x89PNG") else _AFTER_HEADER[0]
    length = len(sealed(data[: at + 1])) - at - 1
    rest = data[:at] + data[at + length :]
    return sealed(rest) == data


def sealed_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with the digest of everything else in it as `sha256` under `info`."""
    info = {key: one for key, one in value["info"].items() if key != "sha256"}
    text = json.dumps({**value, "info": info}, sort_keys=True)
    return {**value, "info": {**info, "sha256": bytes_digest(text.encode())}}


def is_sealed_file(path: Path) -> bool:
    """Whether a picture, or a JSON file, is as `sealed` or `sealed_json` made it."""
    try:
        data = read_regular(path, _MOST_BYTES)
        if path.suffix.lower() != ".json":
            return is_sealed(data)
        value = json.loads(data)
        return bool(value == sealed_json(value))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, struct.error):
        return False
