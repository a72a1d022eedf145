"""What the command line does about memory, before any command begins."""

import os
import platform
import subprocess
import sys

import pytest

POOLS = """
import ctypes, re, sys, threading
from automask.cli import main
main(["--version"])
libc = ctypes.CDLL(None)
begun = threading.Barrier(12)
def take():
    begun.wait()
    kept = [bytearray(50_000) for _ in range(40)]
    begun.wait()
threads = [threading.Thread(target=take) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fopen.restype = ctypes.c_void_p
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
print(len(re.findall("<heap nr", open(sys.argv[1]).read())))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="pools are glibc's")
@pytest.mark.parametrize("chosen", [None, "5"])
def test_threads_share_one_pool_of_memory_unless_somebody_chose_another_number(tmp_path, chosen):
    environment = {key: value for key, value in os.environ.items() if key != "MALLOC_ARENA_MAX"}
    environment |= {} if chosen is None else {"MALLOC_ARENA_MAX": chosen}
    command = [sys.executable, "-c", POOLS, str(tmp_path / "pools.xml")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == (chosen or "1")
