"""The studio as a command: how it begins and ends."""

import os
import signal
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request

import pytest

from automask.cli.entry import main

pytest.importorskip("fastapi", reason="needs the 'studio' extra")
pytest.importorskip("uvicorn", reason="needs the 'studio' extra")
pytest.importorskip("python_multipart", reason="needs the 'studio' extra")


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_studio_that_is_told_to_end_leaves_no_photo_in_the_temporary_folder(
    scene, tmp_path, monkeypatch, capsys, number
):
    """What a service manager sends is SIGTERM."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    seen = []

    def end():
        until = time.monotonic() + 60
        while time.monotonic() < until and not seen:
            time.sleep(0.02)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                    seen.append((answer.status, any((tmp_path / "tmp").glob("automask-studio-*"))))
            except urllib.error.URLError:
                continue
        os.kill(os.getpid(), getattr(signal, number))

    thread = threading.Thread(target=end)
    thread.start()
    words = ["studio", str(scene.photo), "-o", str(tmp_path / "o"), "--no-browser", "--port", str(port)]
    status = main([*words, *scene.overrides])
    thread.join()
    assert seen == [(200, True)]
    assert status == 130
    assert not any((tmp_path / "tmp").glob("automask-studio-*"))
    assert "unexpected" not in capsys.readouterr().err
