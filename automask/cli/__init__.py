"""The command line: `automask edit kitchen.jpg "island -> marble"`."""

from automask.cli.entry import main

__all__ = ["main"]
