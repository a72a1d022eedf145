"""Whether another process of this machine is still there."""

import os


def is_running(pid: int) -> bool:
    """Whether a process has this number; True where that cannot be told."""
    if os.name != "posix":
        return True  # there a signal of 0 would not only ask
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
