"""`python -m automask`: the command line, where the script `automask` is not on the path."""

import sys

from automask.cli import main

if __name__ == "__main__":
    sys.exit(main())
