"""What an adapter can do besides its protocol: its optional members, read in this one place.

A misspelt member would be ignored without a word: `paintmany` makes a batch slow, `own_file` leaves results that are
out of date. So a public attribute that is one slip away from an optional member is refused with the right name.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from automask.errors import ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class Capabilities:
    """The optional members of one adapter, with their defaults where it has none; see `automask.protocols`.

    Args:
        own_files: Paths of the files besides its settings that decide what it answers.
        computes_with: Names of the packages that it computes with.
        device_note: One sentence for people: where it runs, in what number format, and why.
        exclusive: Its model uses all cores or a GPU by itself: a batch works in one process.
        understand, phrase_for, parts, survey, instances, quality: Of a segmenter.
        refine_with: Of a refiner.
        paint_many, check, reads, keeps_surroundings, spill_px, generative, context_frac, max_area_px, measure, agree,
            in_room, removal, paint_beside, relight, bounce: Of an editor.
        route, editors, loaded, connect: Of an editor that only chooses among others.
    """

    own_files: tuple[str | Path, ...] = ()
    computes_with: tuple[str, ...] = ()
    device_note: str = ""
    exclusive: bool = False
    understand: Callable[[Sequence[str]], Any] | None = None
    phrase_for: Callable[[str], Any] | None = None
    parts: Callable[[Sequence[str]], Any] | None = None
    survey: Callable[[Any, Sequence[str]], Any] | None = None
    instances: Callable[[Any, Sequence[str]], Any] | None = None
    quality: str | Path | None = None
    refine_with: Callable[..., Any] | None = None
    paint_many: Callable[[Sequence[Mapping[str, Any]]], Any] | None = None
    check: Callable[..., Any] | None = None
    reads: Callable[[str], Iterable[str]] | None = None
    keeps_surroundings: bool = False
    spill_px: float = 0
    generative: bool | None = None
    context_frac: float | None = None
    max_area_px: int | None = None
    measure: Callable[..., Any] | None = None
    agree: Callable[[Sequence[Any]], Any] | None = None
    in_room: Callable[[Any], Any] | None = None
    removal: Callable[[Sequence[str], Sequence[str]], Mapping[str, Any]] | None = None
    paint_beside: Callable[..., Any] | None = None
    relight: Callable[..., Any] | None = None
    bounce: float = 0
    route: Callable[[str], Any] | None = None
    editors: tuple[str, ...] = ()
    loaded: Mapping[str, Any] = field(default_factory=dict)
    connect: Callable[[Callable[[str], Any]], Any] | None = None


@dataclass(frozen=True, slots=True)
class _Member:
    """An optional member: the method that marks who may have it ("" is every adapter), and what it must be."""

    of: str
    fits: Callable[[Any], bool]
    wanted: str


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _are_names(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_path(value: Any) -> bool:
    return isinstance(value, str | Path)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


_MEMBERS: Mapping[str, _Member] = {
    "own_files": _Member("", _are_names, "a list of paths"),
    "computes_with": _Member("", _are_names, "a list of names of packages"),
    "device_note": _Member("", _is_text, "a sentence"),
    "exclusive": _Member("", _is_bool, "True or False"),
    "understand": _Member("heats", callable, "a method"),
    "phrase_for": _Member("heats", callable, "a method"),
    "parts": _Member("heats", callable, "a method"),
    "survey": _Member("heats", callable, "a method"),
    "instances": _Member("heats", callable, "a method"),
    "quality": _Member("heats", _is_path, "the path of a file"),
    "refine_with": _Member("refine", callable, "a method"),
    "paint_many": _Member("paint", callable, "a method"),
    "check": _Member("paint", callable, "a method"),
    "reads": _Member("paint", callable, "a method"),
    "keeps_surroundings": _Member("paint", _is_bool, "True or False"),
    "spill_px": _Member("paint", _is_number, "a number from 0"),
    "generative": _Member("paint", _is_bool, "True or False"),
    "context_frac": _Member("paint", _is_number, "a number from 0"),
    "max_area_px": _Member("paint", _is_number, "a number of pixels"),
    "measure": _Member("paint", callable, "a method"),
    "agree": _Member("paint", callable, "a method"),
    "in_room": _Member("paint", callable, "a method"),
    "removal": _Member("paint", callable, "a method"),
    "paint_beside": _Member("paint", callable, "a method"),
    "relight": _Member("paint", callable, "a method"),
    "bounce": _Member("paint", _is_number, "a number from 0"),
    "route": _Member("paint", callable, "a method"),
    "editors": _Member("route", _are_names, "a list of names"),
    "loaded": _Member("route", _is_mapping, "a mapping of names to editors"),
    "connect": _Member("route", callable, "a method"),
}


def capabilities_of(adapter: object) -> Capabilities:
    """The optional members of a segmenter, a refiner or an editor; one that is None counts as not there.

    Only the members of its own protocol are looked at: a segmenter may have a `check` of its own.

    Raises:
        ConfigError: A member is of the wrong kind, or a public attribute is one slip away from a member.
    """
    known = tuple(member for member, about in _MEMBERS.items() if not about.of or hasattr(adapter, about.of))
    kind = type(adapter)
    on_instance = frozenset(getattr(adapter, "__dict__", ()))
    _check_names(kind, on_instance, known)  # type: ignore[arg-type]  # mypy takes a type for unhashable
    said: dict[str, Any] = {}
    for member in known:
        value = getattr(adapter, member, None)
        if value is None:
            continue
        if not _MEMBERS[member].fits(value):
            raise ConfigError(f"{kind.__name__}.{member} is {value!r}", hint=f"give {_MEMBERS[member].wanted}")
        said[member] = tuple(value) if member in _TUPLES else value
    return Capabilities(**said)


_TUPLES = frozenset(one.name for one in fields(Capabilities) if one.default == ())


@functools.lru_cache(maxsize=256)
def _check_names(adapter: type[Any], on_instance: frozenset[str], known: tuple[str, ...]) -> None:
    for name in sorted({*dir(adapter), *on_instance}):
        if name.startswith("_") or name in known:
            continue
        meant = next((member for member in known if is_slip(name, member)), None)
        if meant is not None:
            raise ConfigError(
                f"{adapter.__name__} has {name!r}, which nothing reads",
                hint=f"did you mean {meant!r}? An attribute of your own needs a less similar name, or one like _{name}",
            )


_COMMON_WORD = 7
"""Names up to this length are words with neighbours (`editor` for `editors`, `part`, `read`, `load`): of these only
swapped letters are taken for a slip. The longer names of optional members have no such neighbour."""


def is_slip(name: str, member: str) -> bool:
    """Whether a name is a member's apart from underscores and capitals, or apart from one typo.

    A slip is a letter too many, too few or wrong, or two neighbours swapped.
    """
    typed, meant = (text.replace("_", "").casefold() for text in (name, member))
    start = _common_prefix(typed, meant)
    end = _common_prefix(typed[start:][::-1], meant[start:][::-1])
    wrong, right = typed[start : len(typed) - end], meant[start : len(meant) - end]
    if len(wrong) == len(right) == 2:
        return wrong == right[::-1]
    return wrong == right or (len(member) > _COMMON_WORD and len(wrong) <= 1 and len(right) <= 1)


def _common_prefix(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
