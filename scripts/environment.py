"""Makes a virtual environment for make, whole or not at all.

    python3 scripts/environment.py FOLDER PIP-ARGUMENT ...
    python3 scripts/environment.py FOLDER --locked scripts/lock/light.txt

The second installs the checkout and exactly the packages of a list, each by its digest: a file that is not the one that
the list was made with is refused. What builds packages is in `build.txt` next to the list, and comes first, since pip
would fetch it by name alone.

Any Python from 3.7 may start it: one that is too old, or has no venv module, gets a sentence and leaves nothing behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = (3, 11)


def problem() -> str:
    """The sentence about a Python that cannot make the environment; empty where it can."""
    if tuple(sys.version_info[:2]) < NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        return (
            f"automask needs Python 3.11 or newer, and this is {found} ({sys.executable}); install one and name it: "
            "make PYTHON=python3.11 ..."
        )
    try:
        import ensurepip  # noqa: F401 - Debian leaves it out of python3
        import venv  # noqa: F401
    except ImportError:
        name = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        return f"this Python has no venv module; on Debian or Ubuntu: sudo apt install {name}"
    return ""


def installs(pip_arguments: list[str]) -> list[list[str]]:
    """The arguments of each call of pip, in order."""
    if pip_arguments[:1] != ["--locked"]:
        return [pip_arguments]
    lock = Path(pip_arguments[1])
    exact = ["--require-hashes", "--no-deps", "--no-build-isolation", "--requirement"]
    # The checkout has no digest, so it is not installed together with what has one.
    checkout = ["--no-deps", "--no-build-isolation", "--editable", "."]
    return [[*exact, str(lock.with_name("build.txt"))], [*exact, str(lock)], checkout]


def main(folder: str, pip_arguments: list[str]) -> int:
    """The exit status: 0 when the environment is there with everything installed."""
    said = problem()
    if said:
        sys.stderr.write(f"make: {said}\n")
        return 1
    place = Path(folder)
    ready = place / ".ready"
    fresh = not place.is_dir()
    if ready.exists():
        ready.unlink()  # until everything is installed again
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    try:
        subprocess.check_call([sys.executable, "-m", "venv", folder])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        for arguments in installs(pip_arguments):
            subprocess.check_call([*pip, *arguments])
    except (OSError, subprocess.CalledProcessError, KeyboardInterrupt) as error:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        sys.stderr.write(f"make: {folder} was not made ({error or 'interrupted'})\n")
        return 1
    ready.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
