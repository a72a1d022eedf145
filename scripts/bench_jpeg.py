"""What a JPEG result does to the pixels that were not painted: plain encoding against blocks that are kept."""

import io
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, JpegImagePlugin

import automask
from automask.images import open_photo, write_photo
from automask.images.jpeg.decode import decode_coefficients
from automask.images.jpeg.segments import parse

WORDS = "cabinets -> white; floor -> oak planks"
SAMPLINGS = {"4:4:4": 0x111111, "4:2:2": 0x211111, "4:2:0": 0x221111, "4:4:0": 0x121111, "4:1:1": 0x411111}
NEAR_PX = 16
_AMPLIFIED = 16

Picture = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """A photo, what was painted, and where."""

    name: str
    data: bytes
    image: Picture
    alpha: Picture


@dataclass(slots=True)
class Sums:
    """Counts of one encoder over several photos."""

    outside_px: list[int] = field(default_factory=lambda: [0, 0])
    over: list[list[int]] = field(default_factory=lambda: [[0, 0, 0], [0, 0, 0]])
    most: int = 0
    painted: float = 0.0
    painted_px: int = 0
    size: int = 0
    took_s: float = 0.0
    blocks: int = 0
    differing: int = 0


def bench_jpeg(
    photos: list[Path], qualities: list[int], samplings: list[str], resaved: int, picture: Path | None = None
) -> None:
    """Prints the table: each photo as it is, then the first few saved at every sampling and quality.

    Args:
        photos: JPEG files.
        qualities: Of the files that they are saved as.
        samplings: Keys of `SAMPLINGS`.
        resaved: How many of the photos are saved anew.
        picture: Where the differences outside the masks of the first photo are drawn, amplified.
    """
    stages = automask.load()
    edited = [_edit(path, stages) for path in photos]
    edited = [one for one in edited if one.alpha.any()]
    if picture is not None:
        Image.fromarray(_differences_drawn(edited[0])).save(picture)
    near = ["over 2", "over 8", "over 16"]
    head = ["file", "encoder", *near, "most", *(f"near: {name}" for name in near), "painted", "blocks that differ"]
    print("| " + " | ".join([*head, "bytes", "processor s"]) + " |\n|" + " --- |" * 13, flush=True)
    _print_rows(f"{len(edited)} photos as they are", [(one, one.data) for one in edited])
    for sampling in samplings:
        for quality in qualities:
            saved = [(one, _saved(one.data, sampling, quality)) for one in edited[:resaved]]
            _print_rows(f"{sampling}, quality {quality}", saved)


def _edit(path: Path, stages: automask.Stages) -> Edited:
    outcome = automask.edit(path, WORDS, stages=stages)
    return Edited(path.name, path.read_bytes(), outcome.image, np.rint(outcome.alpha * 255).astype(np.uint8))


def _saved(data: bytes, sampling: str, quality: int) -> bytes:
    rgb = open_photo(data).rgb
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[sampling]]
    return bytes(cv2.imencode(".jpg", rgb[..., ::-1], settings)[1])


def _print_rows(name: str, files: list[tuple[Edited, bytes]]) -> None:
    plain, kept = Sums(), Sums()
    for edited, data in files:
        photo = open_photo(data)
        touched = edited.alpha > 0
        result = np.where(touched[..., None], edited.image, photo.rgb)
        changed = (result != photo.rgb).any(axis=2)
        shared = _shared_px(data, changed)
        began = time.process_time()
        again = _encoded_again(data, result)
        plain.took_s += time.process_time() - began
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            written = write_photo(photo, result, edited.alpha, Path(folder, "a.jpg"))
            kept.took_s += time.process_time() - began
            exact = written.path.read_bytes()
        for sums, coded in ((plain, again), (kept, exact)):
            _add(sums, photo.rgb, result, changed, shared, data, coded)
    for encoder, sums in (("again", plain), ("exact", kept)):
        shares = [f"{100 * over / sums.outside_px[at]:.3f} %" for at in (0, 1) for over in sums.over[at]]
        mean = sums.painted / max(1, sums.painted_px)
        times = mean / (plain.painted / max(1, plain.painted_px))
        cells = [name, encoder, *shares[:3], str(sums.most), *shares[3:], f"{mean:.2f} ({times:.2f})"]
        cells += [f"{sums.differing} of {sums.blocks}", str(sums.size), f"{sums.took_s / len(files):.2f}"]
        print("| " + " | ".join(cells) + " |", flush=True)


def _differences_drawn(edited: Edited) -> Picture:
    """How far pixels outside the mask are off, times `_AMPLIFIED`: encoded again at the left, blocks kept at the right.

    What was painted is grey.
    """
    photo = open_photo(edited.data)
    result = np.where(edited.alpha[..., None] > 0, edited.image, photo.rgb)
    changed = (result != photo.rgb).any(axis=2)
    with tempfile.TemporaryDirectory() as folder:
        kept = write_photo(photo, result, edited.alpha, Path(folder, "a.jpg")).path.read_bytes()
    halves = []
    for coded in (_encoded_again(edited.data, result), kept):
        off = np.abs(open_photo(coded).rgb.astype(np.int16) - photo.rgb)
        halves.append(np.where(changed[..., None], 110, np.minimum(off * _AMPLIFIED, 255)).astype(np.uint8))
    return np.concatenate([halves[0], np.full_like(halves[0][:, :12], 255), halves[1]], axis=1)


def _add(
    sums: Sums, before: Picture, handed: Picture, changed: Bools, shared: Bools, data: bytes, coded: bytes
) -> None:
    after = open_photo(coded).rgb
    moved = np.abs(after.astype(np.int16) - before).max(axis=2)
    near = cv2.distanceTransform((~changed).astype(np.uint8), cv2.DIST_L2, 5) <= NEAR_PX
    for at, place in enumerate((~changed, ~changed & near)):
        sums.outside_px[at] += int(np.count_nonzero(place))
        for which, limit in enumerate((2, 8, 16)):
            sums.over[at][which] += int(np.count_nonzero(moved[place] > limit))
    sums.most = max(sums.most, int(moved[~changed].max(initial=0)))
    off = np.abs(after.astype(np.int16) - handed)[changed & shared]
    sums.painted += float(off.mean(axis=1).sum())
    sums.painted_px += len(off)
    sums.size += len(coded)
    for old, new, same in _blocks(data, coded, changed):
        sums.blocks += int(np.count_nonzero(same))
        alike = old.shape == new.shape  # another sampling has other blocks
        sums.differing += (
            int(np.count_nonzero((old != new).any(axis=2) & same)) if alike else int(np.count_nonzero(same))
        )


def _blocks(
    data: bytes, coded: bytes, changed: Bools
) -> list[tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], Bools]]:
    """For each component its old and new coefficients, and which blocks hold no changed pixel."""
    file = parse(data)
    old, new = decode_coefficients(file), decode_coefficients(parse(coded))
    found = []
    for index, (high, wide) in enumerate(_block_sizes(data)):
        rows, columns = file.frame.grid_hw(index)
        padded = np.zeros((rows * high, columns * wide), np.bool_)
        padded[: changed.shape[0], : changed.shape[1]] = changed
        mixed = np.asarray(padded.reshape(rows, high, columns, wide).any(axis=(1, 3)), np.bool_)
        found.append((old.blocks(index), new.blocks(index), ~mixed))
    return found


def _block_sizes(data: bytes) -> list[tuple[int, int]]:
    frame = parse(data).frame
    return [(8 * frame.most_down // one.down, 8 * frame.most_across // one.across) for one in frame.components]


def _shared_px(data: bytes, changed: Bools) -> Bools:
    """[H, W] bool: pixels of blocks, of any component, with changed and with unchanged pixels."""
    shared = np.zeros(changed.shape, np.bool_)
    height, width = changed.shape
    for high, wide in set(_block_sizes(data)):
        rows, columns = -(-height // high), -(-width // wide)
        both = []
        for place in (changed, ~changed):
            padded = np.zeros((rows * high, columns * wide), np.bool_)
            padded[:height, :width] = place
            both.append(padded.reshape(rows, high, columns, wide).any(axis=(1, 3)))
        spread = np.repeat(np.repeat(both[0] & both[1], high, axis=0), wide, axis=1)
        shared |= spread[:height, :width]
    return shared


def _encoded_again(data: bytes, samples: Picture) -> bytes:
    """The picture with the file's own tables, as every JPEG was written before; 4:4:0 and 4:1:1 became 4:4:4."""
    with Image.open(io.BytesIO(data)) as image:
        tables, sampling = getattr(image, "quantization", {}), max(0, JpegImagePlugin.get_sampling(image))
    if parse(data).frame.most_across > 2 or (parse(data).frame.most_across, parse(data).frame.most_down) == (1, 2):
        sampling = 0
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, "JPEG", qtables=tables, subsampling=sampling)
    return buffer.getvalue()
