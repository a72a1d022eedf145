"""The command line. It imports nothing heavy until it knows that there is work to do: `--help` answers at once."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from automask.cli.arguments import EXIT_STATUSES
from automask.cli.commands import run_batch, run_demo, run_edit, run_mask, run_materials, run_models
from automask.errors import AutomaskError, UsageError

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; its exit status. Every error is one line on standard error, never a traceback.

    Args:
        argv: The arguments without the program's name; None takes the process's own.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A file name in letters that the terminal's encoding lacks must not undo an edit that is already written.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        status = _flushed(arguments)
    except AutomaskError as error:
        status = _fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        status = _fail("interrupted; files already finished are complete", _INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        status = 1
    except OSError as error:
        _drop_output()
        status = _fail(f"{error.filename or 'standard output'}: {error.strerror or error}", 1)
    except MemoryError:
        status = _fail("out of memory; try a smaller photo, or fewer phrases at a time", 1)
    except Exception as error:
        if os.environ.get("AUTOMASK_DEBUG"):
            raise
        said = " ".join(str(error).split())
        status = _fail(f"unexpected {type(error).__name__}: {said}; run again with AUTOMASK_DEBUG=1 to see where", 1)
    return status


def _flushed(arguments: list[str]) -> int:
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


def _fail(message: str, status: int) -> int:
    print(f"automask: {message}", file=sys.stderr)
    return status


def _run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="automask",
        description="Change rooms in photographs from words alone.",
        epilog='for example:  automask edit kitchen.jpg "island -> marble; cabinets -> white"\n\n' + EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="automask COMMAND ...",
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = {
        "edit": (run_edit, "make the edits in one photo"),
        "mask": (run_mask, "only find the masks, and draw them over the photo"),
        "batch": (run_batch, "make the same edits in a folder of photos"),
        "demo": (run_demo, "edit the kitchen that comes with automask"),
        "materials": (run_materials, "list the materials that paint knows, or draw them"),
        "models": (run_models, "list model weights, or fetch some"),
    }
    listing = "\n".join(f"  {name:<10}{about}" for name, (_, about) in commands.items())
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="one of:\n" + listing)
    parser.formatter_class = argparse.RawTextHelpFormatter
    head = parser.parse_args(arguments[:1])
    if head.version:
        from automask import __version__

        print(f"automask {__version__}")
        return 0
    if head.command is None:
        parser.print_help()
        return 0
    if head.command not in commands:
        from difflib import get_close_matches

        close = get_close_matches(head.command, commands, 1)
        if not close and Path(head.command).exists():
            raise UsageError(f"no command {head.command!r}", hint=f"did you mean: automask edit {head.command} ...?")
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(commands)}"
        raise UsageError(f"no command {head.command!r}", hint=hint)
    return commands[head.command][0](arguments[1:])


if __name__ == "__main__":
    sys.exit(main())
