"""The photos that are open, and what a person said and drew of each: on disk at once, so that nothing is lost.

Everything that is kept is in OUT/.automask.studio: one small file for each photo, and the photos that were dropped on
the page. Nothing is written into the folder of the photos.
"""

import contextlib
import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from automask.batches.find import COMPANION, find_jobs, natural_key
from automask.batches.page import is_page, page_in
from automask.errors import OutputError, PhotoError, PlanError, UsageError
from automask.fingerprint import bytes_digest, file_digest
from automask.images import PHOTO_SUFFIXES, read_regular
from automask.masking.strokes import MOST_STROKES, Stroke
from automask.plan import is_file_name, parse_plan
from automask.results.claims import PhotoId, choose_files, source_in, source_of_path
from automask.results.files import Files, files_of, name_key, same_file
from automask.results.records import read_record, write_json
from automask.types import Variant

KEPT = ".automask.studio"
Decision: TypeAlias = Literal["open", "accepted", "rejected"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
_MOST_STATE_BYTES = 1 << 24
_MOST_WORDS = 20_000
_SEARCHED = 20_000
"""Files that are looked at for the photo of a finished result."""
_ANY_PLAN = (Variant("", (), parse_plan("wall -> white")),)


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo of the queue.

    Args:
        id: A digest of where it is: the same whenever it is opened.
        photo: Its file.
        out: The folder of its results.
        name: What their names begin with, as in `files_of`.
        present: Whether the photo is there; a finished result may be looked at without it.
    """

    id: str
    photo: Path
    out: Path
    name: str
    present: bool = True

    @property
    def files(self) -> Files:
        """Where its results are."""
        return files_of(self.photo.name, self.out, self.name)


class ChangedMeanwhile(Exception):
    """A state is of another one than what is kept by now: somebody else has changed it."""


@dataclass(frozen=True, slots=True)
class State:
    """What a person said and drew of a photo.

    Args:
        words: The edits, as typed.
        off: The numbers, from 0, of the edits that are switched off.
        strokes: For each target, as typed, what was drawn, in order.
        decision: Whether the result was accepted or rejected.
        settings: Of the run: seed, candidates.
        saved: The digest of words, strokes and settings that the files in OUT show.
    """

    words: str = ""
    off: tuple[int, ...] = ()
    strokes: Mapping[str, tuple[Stroke, ...]] = None  # type: ignore[assignment]  # replaced below
    decision: Decision = "open"
    settings: Mapping[str, int] = None  # type: ignore[assignment]  # likewise
    saved: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "strokes", dict(self.strokes or {}))
        object.__setattr__(self, "settings", dict(self.settings or {}))

    @property
    def version(self) -> str:
        """A digest of all that a person said and drew."""
        said = {key: value for key, value in self.as_json().items() if key != "saved"}
        return bytes_digest(json.dumps(said, sort_keys=True).encode())[:16]

    def as_json(self) -> dict[str, Any]:
        """The state as plain values."""
        drawn = {target: [asdict(one) for one in strokes] for target, strokes in self.strokes.items()}
        about = {"words": self.words, "off": list(self.off), "strokes": drawn, "decision": self.decision}
        return {**about, "settings": dict(self.settings), "saved": self.saved}

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> "State":
        """The state in plain values.

        Raises:
            UsageError: It has another form.
            MaskError: As `Stroke`.
        """
        try:
            drawn = {
                str(target): tuple(
                    Stroke(
                        str(one["kind"]),  # type: ignore[arg-type]  # Stroke refuses any other text
                        tuple((float(x), float(y)) for x, y in one["points"]),
                        float(one.get("radius_px", 1.0)),
                        bool(one.get("snap", True)),
                    )
                    for one in strokes
                )
                for target, strokes in dict(said.get("strokes") or {}).items()
            }
            made = cls(
                words=str(said.get("words", "")),
                off=tuple(sorted({int(one) for one in said.get("off") or ()})),
                strokes={target: strokes for target, strokes in drawn.items() if strokes},
                decision=said.get("decision", "open"),
                settings={str(key): int(value) for key, value in dict(said.get("settings") or {}).items()},
                saved=str(said.get("saved", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            if isinstance(error, UsageError) or hasattr(error, "problem"):
                raise
            raise UsageError("this is no state of a photo", hint="see /docs for its form") from error
        if made.decision not in DECISIONS:
            raise UsageError(f"decision is {made.decision!r}", hint=f"give one of {', '.join(DECISIONS)}")
        if sum(map(len, made.strokes.values())) > MOST_STROKES or len(made.words) > _MOST_WORDS:
            raise UsageError("too much for one photo", hint=f"at most {MOST_STROKES} strokes and {_MOST_WORDS} letters")
        if not made.settings.keys() <= {"seed", "candidates"}:
            raise UsageError(f"settings are {', '.join(made.settings)}", hint="give seed and candidates")
        return made


class Workspace:
    """The photos that are open, in the order in which they are to be looked at.

    Args:
        source: A photo, a folder of photos, the folder of a finished batch, or None for the photo in the package.
        out: The folder of the results; for a finished batch that is the source.
        words: What the photos begin with.
        photos: Where the photos of a finished batch are, if they are not found near it.

    Raises:
        PhotoError, UsageError: The source has no photos.
    """

    def __init__(self, source: Path | None, out: Path, *, words: str = "", photos: Path | None = None) -> None:
        self._lock = threading.RLock()
        self.words = words
        self.is_review = source is not None and is_finished(source)
        self.out = source if self.is_review and source is not None else out
        self.root = _root_of(source)
        entries = list(self._reviewed(photos)) if self.is_review else self._sources(source)
        entries += self._dropped()
        self._entries = {entry.id: entry for entry in entries}
        if not self._entries:
            raise PhotoError(f"no photos in {str(source)!r}", hint="name a folder of photos, or a finished batch")

    @property
    def kept(self) -> Path:
        """The folder of what is kept."""
        return self.out / KEPT

    def entries(self) -> tuple[Entry, ...]:
        """All photos: those to look at first, the least sure before the others."""
        with self._lock:
            return tuple(sorted(self._entries.values(), key=self._order))

    def entry(self, entry_id: str) -> Entry | None:
        """The photo of this id; None where there is none."""
        with self._lock:
            return self._entries.get(entry_id)

    def state(self, entry: Entry) -> State:
        """What is kept of a photo; where nothing is, what its record says, or the words that all begin with."""
        with self._lock, contextlib.suppress(OSError, ValueError, RecursionError):
            return State.parse(json.loads(read_regular(self._state_file(entry), _MOST_STATE_BYTES)))
        record = read_record(entry.files.record)
        return State(words=record.get("plan") or self.words)

    def put(self, entry: Entry, state: State) -> None:
        """Keeps a state; a reader sees the old or the new one.

        Raises:
            UsageError: It is too large to be read again.
            OutputError: It cannot be written.
        """
        kept = {"schema": 1, "photo": entry.photo.name, **state.as_json()}
        if len(json.dumps(kept, indent=1)) > _MOST_STATE_BYTES:
            raise UsageError(
                "too much was drawn on one photo", hint="undo some strokes, and finish the mask in a paint program"
            )
        with self._lock:
            write_json(self._state_file(entry), kept)

    def keep(self, entry: Entry, state: State, *, version: str | None = None) -> None:
        """Keeps what a person said and drew; what is saved stays as it is kept, since a job may just have saved it.

        Args:
            entry: Of the photo.
            state: What was said and drawn.
            version: That of the state which it is a change of; None to keep it in any case.

        Raises:
            ChangedMeanwhile: Another state is kept by now.
            UsageError, OutputError: As `put`.
        """
        with self._lock:
            kept = self.state(entry)
            if version is not None and version != kept.version:
                raise ChangedMeanwhile
            self.put(entry, replace(state, saved=kept.saved))

    def change(self, entry: Entry, **changes: Any) -> State:
        """Keeps a state with some of its values replaced; the new one."""
        with self._lock:
            state = replace(self.state(entry), **changes)
            self.put(entry, state)
            return state

    def say_of_the_rest(self, entry: Entry) -> int:
        """Gives the photos that are not decided yet the words and settings of one; how many these are."""
        said = self.state(entry)
        rest = [one for one in self.entries() if one.id != entry.id and one.present]
        undecided = [one for one in rest if self.state(one).decision == "open"]
        for one in undecided:
            self.change(one, words=said.words, off=said.off, settings=said.settings)
        return len(undecided)

    def accepted(self) -> list[Entry]:
        """The photos whose results were accepted."""
        return [one for one in self.entries() if self.state(one).decision == "accepted"]

    def drop(self, name: str, data: bytes) -> Entry:
        """Opens a photo that was dropped on the page: it is kept until the folder of what is kept is removed.

        A name whose results would have the names of another open photo's gets a number: kitchen-2.jpg.

        Raises:
            UsageError: Its name is no photo's.
            OutputError: It cannot be written.
        """
        if not is_file_name(name) or name.startswith(".") or Path(name).suffix.lower() not in PHOTO_SUFFIXES:
            raise UsageError("this is no photo's name", hint=f"photos end in {', '.join(sorted(PHOTO_SUFFIXES))}")
        folder = self.kept / "photos" / secrets.token_hex(6)
        with self._lock:
            path = folder / name
            try:
                folder.mkdir(parents=True)
                path.write_bytes(data)
                entry = self._named(path, self.out)
                taken = {name_key(one.name) for one in self._entries.values() if one.out == self.out}
                number = 2
                while name_key(entry.name) in taken:
                    numbered = f"{Path(name).stem}-{number}{Path(name).suffix}"
                    path, number = path.rename(folder / numbered), number + 1
                    entry = self._named(path, self.out)
            except OSError as error:
                shutil.rmtree(folder, ignore_errors=True)
                raise OutputError(f"cannot keep {name!r}: {error.strerror}", hint="make room in OUT") from error
            self._entries[entry.id] = entry
        return entry

    def is_inside(self, path: Path) -> bool:
        """Whether a path is in a folder that was opened, with all links followed."""
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(os.path.realpath(one)) for one in (self.root, self.out) if one is not None)

    def _state_file(self, entry: Entry) -> Path:
        return self.kept / f"{entry.id}.json"

    def _order(self, entry: Entry) -> tuple[Any, ...]:
        expected = [step.get("expected_iou") for step in read_record(entry.files.record).get("steps", ())]
        sure = min((one for one in expected if one is not None), default=1.0)
        return self.state(entry).decision != "open", sure, natural_key(entry.photo)

    def _sources(self, source: Path | None) -> list[Entry]:
        if source is None or source.is_file():
            photo = source or Path(__file__).parents[1] / "samples" / "kitchen.jpg"
            if photo.suffix.lower() not in PHOTO_SUFFIXES:
                raise UsageError(f"{str(photo)!r} is no photo", hint="name a photo, a folder, or a finished batch")
            return [self._named(photo, self.out)]
        jobs = find_jobs(str(source), out=self.out, variants=_ANY_PLAN).jobs
        return [Entry(source_of_path(job.photo), job.photo, job.out, job.name) for job in jobs]

    def _named(self, photo: Path, out: Path) -> Entry:
        """The entry of one photo, under the name that saving would choose."""
        known = PhotoId(photo.name, file_digest(photo), source_of_path(photo))
        files, _ = choose_files(known, out, None, overwrite=False, writes=("result",))
        return Entry(known.source, photo, out, files.record.name.removesuffix(".run.json"))

    def _dropped(self) -> Iterator[Entry]:
        for path in sorted((self.kept / "photos").glob("*/*")):
            if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file():
                yield self._named(path, self.out)

    def _reviewed(self, photos: Path | None) -> Iterator[Entry]:
        """An entry for each record of a finished batch, with its photo where that is found."""
        records = [(path, read_record(path)) for path in _records_in(self.out)]
        names = {record["photo"] for _, record in records if record.get("photo")}
        near = _photos_near(photos or self.out.resolve().parent, names, without=self.out)
        for path, record in records:
            name = record.get("photo")
            if not name:
                continue
            prefix = path.name.removesuffix(".run.json")
            photo = next((one for one in near.get(name, ()) if _is_of(one, record)), None)
            where = source_of_path(path)
            shown = photo or files_of(name, path.parent, prefix).result
            yield Entry(where, shown, path.parent, prefix, present=photo is not None)


def _root_of(source: Path | None) -> Path | None:
    if source is None:
        return None
    return source if source.is_dir() else source.parent


def is_finished(source: Path) -> bool:
    """Whether a folder holds results rather than photos.

    Records in it say so, or the page of a batch. Records in a subfolder say so only where no photo is beside it: the
    folder `out` is there wherever somebody edited a photo of this folder.
    """
    if not source.is_dir() or not any(_records_in(source)):
        return False
    if any(source.glob("*.run.json")) or is_page(page_in(source)):
        return True
    pictures = (path.name for path in source.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
    return all(name.startswith(".") or COMPANION.fullmatch(name) for name in pictures)


def _records_in(folder: Path) -> Iterator[Path]:
    """The records below a folder; hidden folders hold what a batch put aside (`--prune`)."""
    for path in sorted(folder.rglob("*.run.json")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _photos_near(folder: Path, names: set[str], *, without: Path) -> dict[str, list[Path]]:
    """The files of these names below a folder, without the results themselves."""
    found: dict[str, list[Path]] = {}
    seen = 0
    for place, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".") and not same_file(Path(place, one), without)]
        for name in files:
            seen += 1
            if name in names:
                found.setdefault(name, []).append(Path(place, name))
        if seen > _SEARCHED:
            break
    return found


def _is_of(photo: Path, record: Mapping[str, Any]) -> bool:
    """Whether a file is the photo that a record is of; records of 0.1 tell only its name."""
    said = record.get("photo_sha256")
    if source_in(record) == source_of_path(photo):
        return True
    with contextlib.suppress(OSError):
        return not said or file_digest(photo) == said
    return False


def joined(words: str, off: Sequence[int]) -> str:
    """The words without the edits that are switched off.

    Raises:
        PlanError: Nothing is left.
    """
    parts = split_edits(words)
    kept = [part for number, part in enumerate(parts) if number not in off]
    if not kept:
        raise PlanError("every edit is switched off", hint="switch one on")
    return "; ".join(kept)


def split_edits(words: str) -> list[str]:
    """The parts of the words between semicolons and line ends, quoted text and escapes left whole."""
    parts, current, quoted, escaped = [], "", False, False
    for letter in words:
        if not quoted and not escaped and letter in ";\n":
            parts.append(current)
            current = ""
            continue
        if letter == '"' and not escaped:
            quoted = not quoted
        escaped = letter == "\\" and not escaped
        current += letter
    return [part.strip() for part in (*parts, current) if part.strip()]


def check_out_of(source: Path | None, out: Path) -> None:
    """Refuses OUT where it is the folder of the photos.

    Raises:
        OutputError: It is.
    """
    if source is not None and source.is_dir() and not is_finished(source) and same_file(source, out):
        raise OutputError(f"{str(out)!r} is the folder of the photos", hint="name another folder with -o")
