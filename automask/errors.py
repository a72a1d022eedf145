"""Everything that automask raises on purpose.

Each class is an `AutomaskError` and also the builtin that it resembles, so a script may catch either. A message has two
parts: the problem with the offending value, and a hint that says how to fix it. All are exported from `automask`.

    AutomaskError                  Exception
        PlanError                  ValueError         the words, or a plan file, say no edit that can be made
            UnknownPhrase                             a segmenter does not know the words
        ConfigError                ValueError         an unknown key, value or group of the configuration
        UsageError                 ValueError         arguments that contradict each other
        PhotoError                 ValueError         a photo that cannot be read
        MaskError                  ValueError         a mask that does not fit the photo
        OutputError                OSError            a result that cannot be written
        WeightsMissing             FileNotFoundError  model weights that are not on this machine
        ExtraMissing               ImportError        a package that is not installed
        SegmenterError             RuntimeError       a segmenter that failed or broke its protocol
        RefinerError               RuntimeError       a refiner that did
        EditorError                RuntimeError       an editor that did
            UnknownPrompt                             an editor cannot paint these words
            CropRefused                               an editor declined one crop
        TargetMissing              LookupError        a target is not in the photo, under `on_missing="fail"`
"""

import os
import unicodedata
import warnings
from typing import Any, ClassVar, Self


class AutomaskError(Exception):
    """Something that automask refuses or cannot do, as a message of one line.

    Args:
        problem: What is wrong, with the offending value.
        hint: What to do about it; empty where nothing can be done.
        mend: The name of `hint` in 0.1; deprecated.
    """

    exit_status: ClassVar[int] = 1

    def __init__(self, problem: str, *, hint: str = "", mend: str | None = None) -> None:
        if mend is not None:
            _warn_mend()
            hint = hint or mend
        self.problem = problem
        self.hint = hint
        super().__init__(f"{problem}; {hint}" if hint else problem)

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException pickles as cls(*args), which would lose `hint` and put the whole message into `problem`.
        return _rebuild, (type(self), dict(self.__dict__), self.args)

    @property
    def mend(self) -> str:
        """The hint, under its name in 0.1; deprecated."""
        _warn_mend()
        return self.hint


DOCUMENTATION = "https://github.com/automask/automask/tree/main/docs"
"""Where the pages of docs/ are for those who have no checkout; as in pyproject.toml."""


def _warn_mend() -> None:
    warnings.warn("'mend' is now called 'hint'; it goes in 0.3", DeprecationWarning, stacklevel=3)


def _rebuild(cls: type[AutomaskError], state: dict[str, Any], args: tuple[Any, ...]) -> AutomaskError:
    error: AutomaskError = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


def wants_traceback() -> bool:
    """Whether `AUTOMASK_DEBUG` asks for the tracebacks of errors; empty and 0 do not."""
    return os.environ.get("AUTOMASK_DEBUG", "") not in ("", "0")


def debug_traceback(error: BaseException) -> None:
    """Under `AUTOMASK_DEBUG=1`, prints the traceback of an error that is not ours, or that such an error caused.

    A plug-in's exception becomes one line for users; its author wants to see where it was raised.
    """
    if not wants_traceback():
        return
    cause: BaseException | None = error
    passed: set[int] = set()
    while isinstance(cause, AutomaskError) and id(cause) not in passed:  # a plug-in may raise an error from itself
        passed.add(id(cause))
        cause = cause.__cause__
    if cause is not None and id(cause) not in passed:
        import traceback

        traceback.print_exception(error)


class PlanError(AutomaskError, ValueError):
    """The words, or a plan file, do not say an edit that can be made."""

    exit_status = 2

    @classmethod
    def at(cls, problem: str, *, text: str, position: int, hint: str) -> Self:
        """A plan error that shows the line and a caret under the column.

        Args:
            problem: What is wrong there.
            text: The whole plan as typed.
            position: Index into `text` of the offending character; `len(text)` for "at the end".
            hint: What was expected there.
        """
        start = text.rfind("\n", 0, position) + 1
        end = text.find("\n", position)
        line = text[start : end if end >= 0 else len(text)]
        number = text.count("\n", 0, position) + 1
        column = position - start
        error = cls(problem, hint=hint)
        before, after = line[:column], line[column:]
        if len(line) > _SHOWN_CHARS:
            before = before if len(before) <= _SHOWN_CHARS // 2 else f"...{before[-_SHOWN_CHARS // 2 :]}"
            after = after if len(after) <= _SHOWN_CHARS // 2 else f"{after[: _SHOWN_CHARS // 2]}..."
        indent = "".join(_blank_for(char) for char in before)
        error.args = (f"line {number}, column {column + 1}: {problem}; {hint}\n    {before}{after}\n    {indent}^",)
        return error


_SHOWN_CHARS = 400
"""Of a longer line an error shows the part around its caret."""


def _blank_for(char: str) -> str:
    """As much blank as the character takes on a terminal, so that what follows is under its own column."""
    if char == "\t":
        return "\t"
    if unicodedata.combining(char):
        return ""
    return "  " if unicodedata.east_asian_width(char) in "WF" else " "


class UnknownPhrase(PlanError):
    """A segmenter does not know the words; raised before it looks at the photo."""


class ConfigError(AutomaskError, ValueError):
    """A configuration key, value or group that does not exist or does not fit."""

    exit_status = 2


class UsageError(AutomaskError, ValueError):
    """Arguments of the command line or of a call that contradict each other."""

    exit_status = 2


class PhotoError(AutomaskError, ValueError):
    """A photo that cannot be read: missing, corrupt, empty, too large, not a picture."""


class MaskError(AutomaskError, ValueError):
    """A mask file or array that does not fit the photo."""


class OutputError(AutomaskError, OSError):
    """A result that cannot be written where it was asked for."""


class WeightsMissing(AutomaskError, FileNotFoundError):
    """Model weights that are not on this machine."""


class ExtraMissing(AutomaskError, ImportError):
    """A part of automask whose packages are not installed."""


class SegmenterError(AutomaskError, RuntimeError):
    """A segmenter that failed or broke its protocol."""


class RefinerError(AutomaskError, RuntimeError):
    """A refiner that failed or broke its protocol."""


class EditorError(AutomaskError, RuntimeError):
    """An editor that failed or broke its protocol."""


class UnknownPrompt(EditorError):
    """An editor cannot paint what these words ask for, and another might; raised by its `check`, before any work."""


class CropRefused(EditorError):
    """An editor declines one crop (a safety checker, say): the step fails with this reason and the chain continues."""


class TargetMissing(AutomaskError, LookupError):
    """A target is not in the photo, and `on_missing` is `fail`."""

    exit_status = 3


NO_MEMORY_HINT = "close other programs, use fewer workers, or take a smaller copy of the photo"
"""What to do where memory was too short, whatever it was too short for."""
_CV2_NO_MEMORY = -4  # cv::Error::StsNoMem


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory was too short: Python's own, or OpenCV's."""
    return isinstance(error, MemoryError) or (
        type(error).__module__ == "cv2" and getattr(error, "code", None) == _CV2_NO_MEMORY
    )


def not_enough_memory(photo: str) -> PhotoError:
    """The one message about too little memory, with the photo's name."""
    return PhotoError(f"there is not enough memory for {photo!r}", hint=NO_MEMORY_HINT)
