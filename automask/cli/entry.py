"""The command line. It imports nothing heavy until it knows that there is work to do: `--help` answers at once."""

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from automask.cli.commands import (
    INTERRUPTED,
    run_batch,
    run_completion,
    run_config_copy,
    run_config_list,
    run_config_show,
    run_demo,
    run_edit,
    run_mask,
    run_materials,
    run_mcp,
    run_models_fetch,
    run_models_list,
    run_studio,
    run_styles,
)
from automask.cli.console import warn
from automask.cli.doctor import run_doctor
from automask.cli.parsers import Parser, leaf, program_parser
from automask.errors import NO_MEMORY_HINT, AutomaskError, UsageError, debug_traceback, wants_traceback


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; its exit status. Every error is one line on standard error, never a traceback.

    Args:
        argv: The arguments without the program's name; None takes the process's own.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Read when NumPy is loaded. Its products are small here, and OpenBLAS's threads wait for the next one by spinning.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _share_freed_memory()
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A file name in letters that the terminal's encoding lacks must not undo an edit that is already written.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        status = _run_and_flush(arguments)
    except AutomaskError as error:
        debug_traceback(error)
        status = _fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        status = _fail("interrupted; files already finished are complete", INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        status = 1
    except OSError as error:
        debug_traceback(error)
        _drop_output()
        place = _shown(repr(error.filename)) if error.filename else "standard output"
        status = _fail(f"{place}: {error.strerror or error}", 1)
    except MemoryError:
        status = _fail(f"there is not enough memory; {NO_MEMORY_HINT}", 1)
    except Exception as error:
        if wants_traceback():
            raise
        said = " ".join(str(error).split())
        status = _fail(f"unexpected {type(error).__name__}: {said}; run again with AUTOMASK_DEBUG=1 to see where", 1)
    return status


def _share_freed_memory() -> None:
    """Has all threads share one of glibc's pools of memory, in the processes that this one starts, too.

    Else each thread of its own gets one, and what it frees there serves no other: a fifth of the memory of an edit (353
    MB in place of 434; with two pools 394; in the same seconds), and in a studio that runs for hours more than all the
    rest.
    """
    if _POOLS in os.environ:
        return  # somebody has chosen
    os.environ[_POOLS] = "1"
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library; Windows has no CDLL(None)
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


_POOLS = "MALLOC_ARENA_MAX"
_M_ARENA_MAX = -8  # in glibc's malloc.h


def _open_closed_streams() -> None:
    """Opens standard streams that were closed (`>&-`), onto nothing.

    A file that is opened first would else take their place, and get what a library writes to standard error.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - until the process ends


def _run_and_flush(arguments: list[str]) -> int:
    """Runs one command and hands over all that it printed, so that a reader who went away is noticed here."""
    try:
        status = _run(arguments)
    except SystemExit as end:
        # Argparse leaves so after --help.
        status = int(end.code or 0)
    sys.stdout.flush()
    return status


def _drop_output() -> None:
    """Points standard output elsewhere once its reader went away (`| head`), or Python complains once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _shown(name: str) -> str:
    return name if len(name) <= _SHOWN_CHARS else f"{name[:_SHOWN_CHARS]}\N{HORIZONTAL ELLIPSIS}"


_SHOWN_CHARS = 300
"""Of a file's name in an error: an argument may have a hundred thousand."""


def _fail(message: str, status: int) -> int:
    warn(message)
    return status


def _run(arguments: list[str]) -> int:
    program = program_parser()
    if arguments and arguments[0] not in program.commands and not _is_option(arguments[0]) and _is_file(arguments[0]):
        hint = f"did you mean: automask edit {arguments[0]!r} ...?"
        raise UsageError(f"unknown command {arguments[0]!r}", hint=hint)
    parser, left = leaf(program, arguments)
    run = RUNS.get(parser.prog)
    if run is not None:
        return run(parser, left)
    if left:
        parser.parse_args(left)  # --help, --version, or an option that there is not
    parser.print_help()
    return 0


def _is_option(text: str) -> bool:
    return text.startswith("-")


def _is_file(text: str) -> bool:
    return Path(text).is_file()


def run_help(parser: Parser, arguments: list[str]) -> int:
    """`automask help`; its exit status."""
    words = parser.parse_args(arguments).words
    explained, left = leaf(program_parser(), words)
    if left:
        raise UsageError(f"unknown command {' '.join(words)!r}", hint=f"see '{explained.prog} --help'")
    explained.print_help()
    return 0


RUNS: Mapping[str, Callable[[Parser, list[str]], int]] = {
    "automask edit": run_edit,
    "automask mask": run_mask,
    "automask batch": run_batch,
    "automask studio": run_studio,
    "automask mcp": run_mcp,
    "automask demo": run_demo,
    "automask doctor": run_doctor,
    "automask materials": run_materials,
    "automask styles": run_styles,
    "automask models": run_models_list,
    "automask models list": run_models_list,
    "automask models fetch": run_models_fetch,
    "automask config show": run_config_show,
    "automask config list": run_config_list,
    "automask config copy": run_config_copy,
    "automask completion": run_completion,
    "automask help": run_help,
}
"""What does the work of each command. A command that is not here has commands of its own, and prints its help."""


if __name__ == "__main__":
    sys.exit(main())
