"""Masks kept on disk, so that what was found in a photo once is not looked for again.

Variants of one photo, and the jobs of a sweep, differ in what is painted and share their masks. An entry is one file,
named after everything that decides the masks (`fingerprint.mask_key`): the photo, the words to find, the configuration,
the files of the stages; prompts are not among it. It holds no pickle. An entry that cannot be read, or that belongs to
another key, is made again.
"""

import contextlib
import hashlib
import inspect
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from automask import fingerprint
from automask.capabilities import capabilities_of
from automask.errors import OutputError
from automask.geometry import folds, perspective, planes, surfaces
from automask.images import Photo, atomic_path, borders, filters
from automask.masking import boxes, choose, cords, find, foreign, instances, masks, quality, shadows, which, wholes
from automask.plan import pointing, removal
from automask.protocols import Stages
from automask.types import Alpha, Box, Choice, Hard, Instance, Plan, Region

_FORMAT = 4
_SUFFIX = ".masks"
_DIGEST_BYTES = 32
DEFAULT_MB = 512
"""About 2500 photos: five phrases of a 12-megapixel photo take 0.2 MB."""
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile)
_Entry = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class MaskCache:
    """Where masks are kept, and the size limit.

    Args:
        folder: Made when it does not exist.
        max_mb: Above this the least recently used entries are removed; megabytes of 10^6 bytes.
    """

    folder: Path
    max_mb: float


def cached_regions(
    photo: Photo, plan: Plan, stages: Stages, cache: MaskCache, *, list_instances: bool = False
) -> tuple[tuple[Region, ...], bool]:
    """The regions that `find.find_regions` gives under on_missing=skip, and whether they came from the cache.

    Of several processes that need the same masks at once, one finds them and the others wait for it. A cache that
    cannot be written to costs time, never a result.

    Raises:
        As `find.find_regions`.
    """
    key = key_of(photo.digest, plan, stages, list_instances=list_instances)
    if key is None:
        return find.find_regions(photo.rgb, plan, stages, list_instances=list_instances), False
    path = cache.folder / f"{key}{_SUFFIX}"
    size_hw = (photo.rgb.shape[0], photo.rgb.shape[1])
    kept = read_entry(path, key, len(plan), size_hw)
    if kept is not None:
        return kept, True
    with _file_lock(cache.folder / "locks" / f"{key[:2]}.lock"):
        kept = read_entry(path, key, len(plan), size_hw)  # another process may have found them meanwhile
        if kept is not None:
            return kept, True
        regions = find.find_regions(photo.rgb, plan, stages, list_instances=list_instances)
        with contextlib.suppress(OutputError, OSError):
            write_entry(path, key, regions)
            _trim(cache)
    return regions, False


def key_of(photo_digest: str, plan: Plan, stages: Stages, *, list_instances: bool = False) -> str | None:
    """The key of a photo's masks; None for stages whose configuration is not known.

    Besides photo, words and configuration it depends on automask's version, the files that the stages are made of (a
    net in the package, masks that a person drew), their source and that of the mask recipe, where they run, and the
    versions of the packages that compute.
    """
    if not {"segmenter", "refiner"} <= stages.config.keys():
        return None
    finders = (stages.segmenter, stages.refiner)
    can = [capabilities_of(finder) for finder in finders]
    modules: list[ModuleType] = [find, boxes, masks, quality, filters, which, choose, instances, pointing]
    modules += [cords, foreign, shadows, wholes, removal]
    own_files = [*can[0].own_files, surfaces.NET]
    modules += [surfaces, perspective, planes, folds, borders]
    sources = {source for module in modules if (source := inspect.getsourcefile(module))}
    sources |= {path for finder in finders for path in _sources_of(finder)}
    sources |= {str(can[0].quality or quality.DEFAULT)}
    return fingerprint.mask_key(
        photo_digest,
        wanted=[*find.wanted(plan), ("instances", list_instances)],
        config={name: stages.config[name] for name in ("segmenter", "refiner")},
        recipes=[asdict(stages.boxes), asdict(stages.mask_recipe)],
        finders=[
            {
                "class": f"{type(finder).__module__}.{type(finder).__qualname__}",
                "device": able.device_note,
                "files": fingerprint.own_file_digests(files),
            }
            for finder, able, files in zip(finders, can, (own_files, can[1].own_files), strict=True)
        ],
        sources=sources,
        packages={"numpy", "opencv-python-headless", "pillow"}.union(*(able.computes_with for able in can)),
        entry_format=_FORMAT,
    )


def _sources_of(finder: object) -> list[str]:
    """The file of a finder's class; of automask's own all beside it, which hold what it reads words and heat with."""
    try:
        source = inspect.getsourcefile(type(finder))
    except (TypeError, OSError):
        return []  # a class typed at a prompt has no file
    if source is None or type(finder).__module__.partition(".")[0] != "automask":
        return [source] if source else []
    return [str(path) for path in sorted(Path(source).parent.glob("*.py"))]


def write_entry(path: Path, key: str, regions: tuple[Region, ...]) -> None:
    """Writes the entry of a key, whole or not at all.

    Raises:
        OutputError, OSError: It cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    described = []
    for number, region in enumerate(regions):
        arrays[f"hard{number}"] = np.packbits(region.hard)
        levels = np.rint(region.alpha * np.float32(255)).astype(np.uint8)
        # Alphas are multiples of 1/255, which fit in a byte. An alpha that is not, bit for bit, is kept as it is.
        exact = _alpha(levels).tobytes() == region.alpha.tobytes()
        arrays[f"alpha{number}"] = levels if exact else region.alpha
        names = ("target", "found", "peak", "read_as", "missing", "reason", "expected_iou", "presence")
        texts = {name: getattr(region, name) for name in names}
        if region.foreign is not None:
            arrays[f"foreign{number}"] = np.packbits(region.foreign)
        for at, instance in enumerate(region.instances):
            arrays[f"instance{number}_{at}"] = np.packbits(instance.hard)
        singles = [
            {"target": one.target, "number": one.number, "chosen": one.chosen, "expected_iou": one.expected_iou}
            | {"box": astuple(one.box)}
            for one in region.instances
        ]
        more = {"boxes": list(map(astuple, region.boxes)), "instances": singles}
        described.append({**texts, **more, "choices": list(map(asdict, region.choices))})
    size_hw = regions[0].hard.shape
    about = json.dumps({"key": key, "size_hw": size_hw, "regions": described}).encode()
    entry = io.BytesIO()
    arrays["about"] = np.frombuffer(about, dtype=np.uint8)
    np.savez_compressed(entry, **arrays)  # type: ignore[arg-type]  # NumPy's stubs take every keyword for allow_pickle
    with atomic_path(path) as part:
        part.write_bytes(hashlib.sha256(entry.getvalue()).digest() + entry.getvalue())


def read_entry(path: Path, key: str, count: int, size_hw: tuple[int, int]) -> tuple[Region, ...] | None:
    """The regions of an entry; None unless it can be read, belongs to the key and fits the photo."""
    try:
        content = path.read_bytes()
        # NumPy does not read a zip member to its end, and so may miss bits that a disk has lost.
        if hashlib.sha256(content[_DIGEST_BYTES:]).digest() != content[:_DIGEST_BYTES]:
            return None
        with np.load(io.BytesIO(content[_DIGEST_BYTES:]), allow_pickle=False) as entry:
            about = json.loads(entry["about"].tobytes())
            if about["key"] != key or about["size_hw"] != [*size_hw] or len(about["regions"]) != count:
                return None
            regions = tuple(_region(entry, number, fields, size_hw) for number, fields in enumerate(about["regions"]))
        os.utime(path)  # used just now: removed last
    except _UNREADABLE:
        return None
    return regions


def _region(entry: _Entry, number: int, fields: Mapping[str, Any], size_hw: tuple[int, int]) -> Region:
    """One region of an entry; raises one of `_UNREADABLE` for an entry of another shape."""
    pixels = size_hw[0] * size_hw[1]

    def mask(name: str) -> Hard:
        bits: Hard = np.unpackbits(entry[name], count=pixels).reshape(size_hw).astype(np.bool_)
        return bits

    levels = entry[f"alpha{number}"].reshape(size_hw)
    return Region(
        target=fields["target"],
        found=fields["found"],
        hard=mask(f"hard{number}"),
        alpha=_alpha(levels) if levels.dtype == np.uint8 else levels.astype(np.float32),
        boxes=tuple(Box(*box) for box in fields["boxes"]),
        peak=fields["peak"],
        read_as=tuple(fields["read_as"]),
        missing=tuple(fields["missing"]),
        reason=fields["reason"],
        expected_iou=fields["expected_iou"],
        instances=tuple(
            _instance(entry[f"instance{number}_{at}"], single) for at, single in enumerate(fields["instances"])
        ),
        choices=tuple(map(_choice, fields["choices"])),
        presence=tuple(fields["presence"]),
        foreign=mask(f"foreign{number}") if f"foreign{number}" in entry else None,
    )


def _instance(bits: npt.NDArray[Any], fields: Mapping[str, Any]) -> Instance:
    box = Box(*fields["box"])
    hard = np.unpackbits(bits, count=box.area).reshape(box.height, box.width).astype(np.bool_)
    return Instance(fields["target"], fields["number"], box, hard, fields["chosen"], fields["expected_iou"])


def _choice(fields: Mapping[str, Any]) -> Choice:
    candidates = tuple((number, Box(**box), value) for number, box, value in fields["candidates"])
    return Choice(**{**fields, "numbers": tuple(fields["numbers"]), "candidates": candidates})


def _alpha(levels: npt.NDArray[np.uint8]) -> Alpha:
    alpha: Alpha = levels.astype(np.float32) / np.float32(255)
    return alpha


def _trim(cache: MaskCache) -> None:
    """Removes the least recently used entries until the others fit."""
    entries = []
    with os.scandir(cache.folder) as found:
        for entry in found:
            if entry.name.endswith(_SUFFIX):
                with contextlib.suppress(FileNotFoundError):  # another process trims as well
                    status = entry.stat()
                    entries.append((status.st_mtime_ns, entry.name, status.st_size))
    free = cache.max_mb * 1e6
    for _, name, size in sorted(entries, reverse=True):
        free -= size
        if free < 0:
            (cache.folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """Keeps other processes out of the block; a process that dies frees the lock.

    Where the system has no such locks the work is done twice.
    """
    try:
        import fcntl

        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except (ImportError, OSError):
        yield
        return
    with file:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
