"""Checks plain values (from YAML, a plan, a caller) against the parameters that they are for."""

import contextlib
import inspect
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from automask.errors import UsageError

_PLAIN: Mapping[Any, tuple[type, ...]] = {
    float: (int, float),
    int: (int,),
    bool: (bool,),
    str: (str,),
    type(None): (type(None),),
}
"""The types of a value that an annotation accepts; compared exactly, because True is an int to Python."""


def parameters_of(owner: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a class's constructor or of a function, with evaluated annotations."""
    annotated: Any = owner.__init__ if inspect.isclass(owner) else owner
    hints: dict[str, Any] = {}
    for name, note in getattr(annotated, "__annotations__", {}).items():
        one = types.SimpleNamespace(__annotations__={name: note})
        # A name that is imported for type checkers only cannot be resolved: such a value is accepted unchecked.
        with contextlib.suppress(NameError, TypeError):
            hints |= typing.get_type_hints(one, globalns=getattr(annotated, "__globals__", {}))
    return {
        name: parameter.replace(annotation=hints.get(name, Any))
        for name, parameter in inspect.signature(owner).parameters.items()
    }


def path_text(value: object, name: str) -> str:
    """The path, or URL, that a caller gave for the parameter of this name, as text.

    Raises:
        UsageError: It is neither text nor path-like.
    """
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if isinstance(text, str):
        return text
    raise UsageError(f"{name} is of type {type(value).__name__!r}", hint="give a path, as text or as a Path")


def fits(value: Any, hint: Any) -> bool:
    """False if a plain value clearly is not of the annotated type; True also for annotations that it cannot check."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in typing.get_args(hint))
    if origin is typing.Literal:
        return value in typing.get_args(hint)
    if hint in _PLAIN:
        return type(value) in _PLAIN[hint]
    if hint is Path:
        return isinstance(value, str | Path)
    if inspect.isclass(origin) and issubclass(origin, Mapping | Sequence):
        return isinstance(value, Mapping if issubclass(origin, Mapping) else list | tuple)
    return True


def describe(hint: Any) -> str:
    """The annotation in a user's words: "a whole number", "text or null"."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(part) for part in typing.get_args(hint))
    if origin is typing.Literal:
        return " or ".join(str(part) for part in typing.get_args(hint))
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
    if hint is type(None):
        return "null"
    return words.get(hint, "a list" if inspect.isclass(origin) and issubclass(origin, Sequence) else str(hint))
