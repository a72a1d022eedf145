"""The folder that rooms are written to: it can be left at any moment, and gone on with. Nothing here needs Blender.

A room is written to a folder `.NAME.part` and moved out file by file, its NAME.json last: a room is finished when its
NAME.json is there. What a stopped run left behind is thrown away.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from render_rooms.classes import class_table


def is_done(out: Path, name: str) -> bool:
    """Whether a room of that name is finished."""
    return (out / f"{name}.json").exists()


@contextmanager
def opened(out: Path) -> Iterator[Path]:
    """The folder for one run at a time: what was half done is removed, classes.json is written.

    Raises:
        SystemExit: Another run writes there.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"another run is writing to {out}") from None
        for left in out.glob(".*.part"):
            shutil.rmtree(left)
        replace_text(out / "classes.json", json.dumps(class_table(), indent=1))
        yield out


@contextmanager
def part(out: Path, name: str) -> Iterator[Path]:
    """An empty folder for one room; what it holds at the end is moved out unless an error ends it."""
    folder = out / f".{name}.part"
    folder.mkdir()
    try:
        yield folder
        for file in sorted(folder.iterdir(), key=lambda f: f.name == f"{name}.json"):
            if file.suffix in (".jpg", ".png", ".json"):
                file.replace(out / file.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def replace_text(path: Path, text: str) -> None:
    """Writes a file so that it is there either as a whole or as it was."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def write_record(folder: Path, name: str, record: dict[str, Any]) -> None:
    """NAME.json of a room."""
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def progress(done: int, total: int, made: int, seconds: float) -> str:
    """How far a run has come: "12 of 1000, 9.8 s a room, 2 h 41 min left"."""
    each = seconds / max(made, 1)
    minutes = round((total - done) * each / 60)
    left = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"{done} of {total}, {each:.1f} s a room, {left} left"
