"""TIFFs whose samples Pillow would reduce, confuse or leave out."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from pictures import HEIGHT, WIDTH, colours, refused, rewritten

from automask.images import decode, open_photo


def tiff(
    samples: np.ndarray,
    *,
    photometric: int = 2,
    extra: tuple[int, ...] = (),
    separate: bool = False,
    packed: bool = True,
    predicted: bool = False,
    order: str = "<",
    tile: int = 0,
    rows: int = 16,
) -> bytes:
    """A TIFF of [H, W, C] samples in strips of `rows` rows, or in square tiles."""
    height, width, channels = samples.shape
    planes = [samples[..., [at]] for at in range(channels)] if separate else [samples]
    out = bytearray((b"MM\0*" if order == ">" else b"II*\0") + bytes(4))
    offsets, lengths = [], []
    for plane in planes:
        for piece in pieces_of(plane, tile, rows):
            if predicted:
                piece[:, 1:] -= piece[:, :-1].copy()
            raw = piece.astype(piece.dtype.newbyteorder(order)).tobytes()
            raw = zlib.compress(raw) if packed else raw
            offsets.append(len(out))
            lengths.append(len(raw))
            out += raw + bytes(len(raw) % 2)
    bits, kind = samples.dtype.itemsize * 8, 8 if packed else 1
    tags = {256: [width], 257: [height], 258: [bits] * channels, 259: [kind], 262: [photometric], 277: [channels]}
    tags |= {284: [2 if separate else 1], 317: [2 if predicted else 1]}
    tags |= (
        {322: [tile], 323: [tile], 324: offsets, 325: lengths} if tile else {273: offsets, 278: [rows], 279: lengths}
    )
    tags |= {338: list(extra)} if extra else {}
    entries = []
    for number, values in sorted(tags.items()):
        raw = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            raw, at = struct.pack(order + "I", len(out)), raw
            out += at
        entries.append(struct.pack(order + "HHI", number, 4, len(values)) + raw)
    struct.pack_into(order + "I", out, 4, len(out))
    return bytes(out + struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4))


def pieces_of(plane: np.ndarray, tile: int, rows: int) -> list[np.ndarray]:
    height, width = plane.shape[:2]
    if not tile:
        return [plane[top : top + rows].copy() for top in range(0, height, rows)]
    whole = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)), mode="edge")
    corners = [(top, left) for top in range(0, height, tile) for left in range(0, width, tile)]
    return [whole[top : top + tile, left : left + tile].copy() for top, left in corners]


def samples(bits: int, channels: int) -> np.ndarray:
    """[H, W, channels]: channels that differ from each other, the fifth too."""
    four = colours(bits, 4)
    return np.concatenate([four, four[::-1]], axis=2)[..., :channels]


LAYOUTS = {
    "strips": {},
    "plain strips": {"packed": False},
    "differences": {"predicted": True},
    "tiles": {"tile": 32},
    "tiles of differences": {"tile": 32, "predicted": True},
    "big-endian": {"order": ">", "predicted": True},
    "plain big-endian": {"order": ">", "packed": False},
    "one strip": {"rows": 1000},
}


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_16_bit_colours_are_read_as_the_file_holds_them(layout: str, channels: int, separate: bool, tmp_path: Path):
    held = samples(16, channels)
    path = tmp_path / "a.tif"
    path.write_bytes(tiff(held, extra=(2,)[: channels - 3], separate=separate, **LAYOUTS[layout]))
    photo = open_photo(path)
    assert photo.mode == ("RGB;16" if channels == 3 else "RGBA;16")
    np.testing.assert_array_equal(photo.samples, held)
    again, written = rewritten(photo, tmp_path / "out")
    assert written.outside_changed_px == 0
    np.testing.assert_array_equal(again.samples[25:], held[25:])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("photometric", "mode", "channels"), [(1, "LA", 2), (2, "RGB", 3), (2, "RGBA", 4), (5, "CMYK", 4)]
)
def test_8_bit_planes_are_not_confused(photometric: int, mode: str, channels: int, packed: bool):
    held = samples(8, channels)
    extra = (2,) if mode.endswith("A") else ()
    photo = open_photo(tiff(held, photometric=photometric, extra=extra, separate=True, packed=packed))
    assert photo.mode == mode
    np.testing.assert_array_equal(photo.samples, held)


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize(("bits", "mode"), [(8, "RGB"), (16, "RGB;16")])
def test_a_saved_selection_is_never_alpha_and_its_loss_is_said(bits: int, mode: str, separate: bool, tmp_path: Path):
    held = samples(bits, 4)
    photo = open_photo(tiff(held, extra=(0,), separate=separate))
    assert photo.mode == mode
    assert photo.notes[0] == "1 more channel (alpha, or a saved selection) in the file is not kept"
    np.testing.assert_array_equal(photo.samples, held[..., :3])
    assert "more channel" not in " ".join(rewritten(photo, tmp_path)[0].notes)


def test_a_saved_selection_beside_alpha_is_said():
    photo = open_photo(tiff(samples(8, 5), extra=(2, 0)))
    assert photo.mode == "RGBA"
    assert photo.notes == ("1 more channel (alpha, or a saved selection) in the file is not kept",)


def test_channels_that_pillow_does_not_read_are_refused_by_their_number():
    assert refused(tiff(samples(16, 5), extra=(2, 0))) == (
        "'photo' holds 1 more channel (alpha, or a saved selection), and Pillow does not read such a TIFF; "
        "save it again without alpha channels and saved selections"
    )
    assert "holds 2 more channels (alpha, or a saved selection)" in refused(tiff(samples(16, 5), extra=(0, 0)))


def test_alpha_that_was_multiplied_into_16_bit_colours_is_taken_out_of_them():
    plain = samples(16, 4)
    plain[..., 3] |= 1 << 15
    held = plain.copy()
    held[..., :3] = np.rint(plain[..., :3] * (plain[..., 3:] / 65535))
    photo = open_photo(tiff(held, extra=(1,)))
    assert "its alpha was multiplied into the colours; it is written as plain alpha" in photo.notes
    assert np.abs(photo.samples.astype(int) - plain).max() <= 2
    held[..., 3] = 0
    assert not open_photo(tiff(held, extra=(1,))).samples.any()


@pytest.mark.parametrize("bits", [8, 16])
def test_strips_that_are_missing_or_share_their_bytes_are_refused(bits: int):
    whole = bytearray(tiff(samples(bits, 3), separate=True, rows=1000))
    at = whole.index(struct.pack("<HHI", 279, 4, 3))
    (values_at,) = struct.unpack_from("<I", whole, at + 8)
    shared = whole.copy()
    struct.pack_into("<III", shared, values_at, *[len(whole)] * 3)
    assert "holds samples that cannot be read here (strips overlap); export it" in refused(bytes(shared))
    struct.pack_into("<I", whole, at + 4, 2)
    assert "holds samples that cannot be read here (strips are missing); export it" in refused(bytes(whole))


def test_samples_that_are_cut_short_are_refused():
    held = tiff(samples(16, 3), separate=True, packed=False)
    at = held.index(struct.pack("<HHI", 257, 4, 1))
    taller = held[: at + 8] + struct.pack("<I", HEIGHT + 40) + held[at + 12 :]
    assert "'photo'" in refused(taller)


def test_a_16_bit_picture_that_two_libraries_read_differently_is_refused(monkeypatch: pytest.MonkeyPatch):
    deep = tiff(samples(16, 3))
    png = cv2.imencode(".png", colours(16))[1].tobytes()
    open_photo(deep)
    open_photo(png)
    read = decode.samples_of
    monkeypatch.setattr(decode, "samples_of", lambda planes, layout: read(planes, layout)[..., ::-1])
    monkeypatch.setattr(cv2, "cvtColor", lambda array, code: array)
    for data in (deep, png):
        assert refused(data) == "'photo' holds 16-bit samples that two libraries read differently; export it as 8-bit"


def test_a_small_picture_of_planes_has_its_size():
    photo = open_photo(tiff(samples(16, 3)[:3, :5], separate=True))
    assert photo.size_wh == (5, 3)
    assert open_photo(tiff(samples(16, 3), separate=True)).size_wh == (WIDTH, HEIGHT)
