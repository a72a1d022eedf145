"""A headless Chromium, driven through two pipes: it needs no driver, and the keys that a test presses are real."""

import base64
import contextlib
import fcntl
import io
import json
import os
import select
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

NAMES = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome", "google-chrome-stable", "chrome")
_KEYS = {"Escape": 27, "Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
_PATIENCE_S = 60


def chromium() -> str | None:
    """The program, as CHROME_BIN says or as it is called on most systems; None where there is none, or no pipes."""
    found = os.environ.get("CHROME_BIN") or next(filter(None, map(shutil.which, NAMES)), None)
    return found if hasattr(os, "posix_spawn") else None


class Tab:
    """One tab. See the DevTools protocol for what may be sent."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write, self._left, self._sent, self._session = read, write, b"", 0, ""
        self.complaints: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._sent += 1
        message: dict[str, Any] = {"id": self._sent, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (got := self._receive()).get("id") != self._sent:
            if got.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(json.dumps(got["params"]))
        assert "error" not in got, got
        return got["result"]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            assert select.select([self._read], [], [], _PATIENCE_S)[0], "the browser is silent"
            more = os.read(self._read, 1 << 16)
            assert more, "the browser has gone"
            self._left += more
        message, _, self._left = self._left.partition(b"\0")
        return json.loads(message)

    def open(self, url: str) -> None:
        self.send("Page.navigate", url="about:blank")  # else a change of the fragment alone loads nothing
        self.send("Page.navigate", url=url)
        self.wait(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    def ask(self, code: str) -> Any:
        said = self.send("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def wait(self, code: str) -> None:
        until = time.monotonic() + _PATIENCE_S
        while not self.ask(code):
            assert time.monotonic() < until, f"never came true: {code}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        for key in keys:
            event = {"key": key, "windowsVirtualKeyCode": _KEYS.get(key, 0)}
            self.send("Input.dispatchKeyEvent", type="keyDown", **event, **({"text": key} if len(key) == 1 else {}))
            self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def look(self, selector: str) -> np.ndarray:
        """[H, W, 3] uint8: what is seen of the first element of that kind."""
        find = f"document.querySelector({json.dumps(selector)})"
        self.ask(f"{find}.scrollIntoView({{behavior: 'instant', block: 'center'}})")
        box = self.ask(
            f"(box => [box.x + scrollX, box.y + scrollY, box.width, box.height])({find}.getBoundingClientRect())"
        )
        clip = {**dict(zip(("x", "y", "width", "height"), box, strict=True)), "scale": 1}
        shot = self.send("Page.captureScreenshot", format="png", clip=clip)["data"]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(shot))).convert("RGB"))


@contextlib.contextmanager
def browsing(program: str) -> Iterator[Tab]:
    """A tab in a browser of its own, which is ended afterwards."""
    ours_read, its_write = _pipe()
    its_read, ours_write = _pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # Without its sandbox, since many test machines run as root: it opens nothing but our own page.
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        files = [
            (os.POSIX_SPAWN_DUP2, its_read, 3),
            (os.POSIX_SPAWN_DUP2, its_write, 4),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        process = os.posix_spawn(program, [program, *flags], os.environ, file_actions=files)
        os.close(its_read)
        os.close(its_write)
        try:
            tab = Tab(ours_read, ours_write)
            yield tab
            with contextlib.suppress(AssertionError, OSError):
                tab.send("Browser.close")
        finally:
            # It ends by itself when its pipe does.
            os.close(ours_write)
            os.close(ours_read)
            os.waitpid(process, 0)


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are above 10: the browser reads from 3 and writes to 4, and neither may be one of those."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]


def address(path: Path, fragment: str = "") -> str:
    """The file's URL."""
    return path.absolute().as_uri() + (f"#{fragment}" if fragment else "")
