"""`python -m automask.cli`."""

import sys

from automask.cli import main

if __name__ == "__main__":
    sys.exit(main())
