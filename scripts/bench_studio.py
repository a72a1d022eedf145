"""`bench.py studio`: how soon the studio answers a person, and what a long, rough day does to it.

The server is a process of its own, as `automask studio` starts it, and is spoken to over HTTP as the page speaks to it.
Seconds are wall clock with the processor seconds of the server next to them: on a machine that is busy with other work
the second number is the one to compare.
"""

import concurrent.futures
import contextlib
import functools
import http.client
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2

SAMPLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "kitchen.jpg"
WORDS = "island -> white marble; cabinets -> sage"
_PATIENCE_S = 600.0
_ENDED = ("done", "failed", "stopped")
_COLOURS = ("sage", "navy", "#aa3344", "white", "#203050", "gold")


@dataclass
class Server:
    """A studio in a process of its own.

    Args:
        process: It.
        link: Opens the page once.
        token: For programs.
        ready_s, ready_processor_s: From the command to the page.
    """

    process: "subprocess.Popen[str]"
    link: str
    token: str
    ready_s: float = 0.0
    ready_processor_s: float = 0.0
    statuses: "Counter[int]" = field(default_factory=Counter)

    @property
    def port(self) -> int:
        return int(self.link.split(":")[2].split("/")[0])

    def ask(self, method: str, path: str, value: Any = None) -> tuple[int, Any]:
        """The status of a request and its answer: JSON, or bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        headers = {"authorization": f"Bearer {self.token}"}
        body = None if value is None else json.dumps(value)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers | ({"content-type": "application/json"} if body else {}))
            answer = connection.getresponse()
            data = answer.read()
        self.statuses[answer.status] += 1
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(data) if is_json else data

    def do(self, path: str) -> dict[str, Any]:
        """The job that a request begins, when it has ended."""
        status, job = self.ask("POST", path)
        assert status == 202, job
        return self.ended(job)

    def ended(self, job: dict[str, Any], when: Callable[[dict[str, Any]], bool] | None = None) -> dict[str, Any]:
        """The job when it has ended, or when it is as far as is asked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
        with contextlib.closing(connection):
            headers = {"authorization": f"Bearer {self.token}"}
            connection.request("GET", f"/v1/jobs/{job['id']}/events", headers=headers)
            for line in connection.getresponse():
                job = json.loads(line[6:]) if line.startswith(b"data: ") else job
                if job["state"] in _ENDED or (when is not None and when(job)):
                    break
        return job

    def say(self, photo: str, **changes: Any) -> None:
        """Keeps a change of a photo's state."""
        state = self.ask("GET", photo)[1]["state"]
        status, answer = self.ask("PUT", photo, {**state, **changes})
        assert status == 200, answer

    def photos(self) -> list[str]:
        """The ways to all photos."""
        return [f"/v1/photos/{one['id']}" for one in self.ask("GET", "/v1/photos")[1]["photos"]]

    def processor_s(self) -> float:
        """The processor seconds of the process."""
        parts = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """The resident memory of the process."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.contextmanager
def started(source: Path, out: Path, *more: str) -> Iterator[Server]:
    """A studio that answers; it is ended afterwards."""
    command = [sys.executable, "-m", "automask", "studio", str(source), *more, "-o", str(out), "--no-browser"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said: dict[str, str] = {}
    for line in process.stderr:
        said |= {
            key: found[1]
            for key in ("token for programs: ", "studio is at ")
            if (found := re.search(key + r"(\S+)", line))
        }
        if len(said) == 2:
            break
    threading.Thread(target=process.stderr.read, daemon=True).start()
    server = Server(process, said["studio is at "], said["token for programs: "])
    try:
        assert server.ask("GET", "/")[0] == 200
        server.ready_s, server.ready_processor_s = time.perf_counter() - began, server.processor_s()
        yield server
    finally:
        process.terminate()
        process.wait(30)


def photo_of(folder: Path, megapixels: float, name: str = "kitchen.jpg") -> Path:
    """The kitchen at another size."""
    sample = cv2.imread(str(SAMPLE))
    assert sample is not None, SAMPLE
    scale = (megapixels * 1e6 / (sample.shape[0] * sample.shape[1])) ** 0.5
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / name), cv2.resize(sample, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return folder / name


def bench_studio(runs: int, *, soak: bool, sessions: int, edits: int, requests: int) -> None:
    """Prints how soon the studio answers; with `soak` also what became of it under a rough day."""
    with tempfile.TemporaryDirectory(prefix="automask-bench-") as folder:
        os.environ["AUTOMASK_CACHE"] = str(Path(folder, "cache"))
        answering(Path(folder, "answering"), runs)
        if soak:
            for number, part in enumerate((in_the_page, many_clients, killed, many_edits)):
                print(part(Path(folder, str(number)), {"sessions": sessions, "edits": edits, "requests": requests}))
                sys.stdout.flush()


def answering(folder: Path, runs: int) -> None:
    """Prints the table of seconds: of the server, and of a frame of the page."""
    photo = photo_of(folder, 2.0)
    rows: dict[str, list[tuple[float, float]]] = {}

    def timed(server: Server, name: str, work: Callable[..., Any], *arguments: Any) -> None:
        began, used = time.perf_counter(), server.processor_s()
        work(*arguments)
        rows.setdefault(name, []).append((time.perf_counter() - began, server.processor_s() - used))

    for run in range(runs):
        with started(photo, folder / f"out-{run}", WORDS) as server:
            rows.setdefault("page ready", []).append((server.ready_s, server.ready_processor_s))
            (at,) = server.photos()
            timed(server, "first masks, with loading", server.do, f"{at}/masks")
            server.say(at, words=f"floor -> oak; walls -> {_COLOURS[run % 6]}")
            timed(server, "words to masks", server.do, f"{at}/masks")
            server.say(at, words=WORDS)
            server.do(f"{at}/masks")
            for number in range(3):
                timed(server, "click to corrected mask", _draw, server, at, "add", [[300.0 + 40 * number, 700.0]])
                line = [[200.0 + 10 * step, 760.0 + 9 * number] for step in range(20)]
                timed(server, "stroke to corrected mask", _draw, server, at, "brush", line)
                server.say(at, words=f"island -> {_COLOURS[number]}")
                server.do(f"{at}/masks")
                timed(server, "recolour preview", server.do, f"{at}/preview")
                server.say(at, words=WORDS)
                server.do(f"{at}/masks")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; photo of 2 MP; {runs} runs\n")
    print("| | s, median | processor s of the server, median |\n|---|---|---|")
    for name, taken in rows.items():
        wall, used = (statistics.median(column) for column in zip(*taken, strict=True))
        print(f"| {name} | {wall:.2f} | {used:.2f} |")
    with started(photo, folder / "page", WORDS) as server, _page(server) as page:
        _wait(page, "S.regions.length === 2 && !S.running")
        page.click("#paint")
        _wait(page, "S.comparing && !S.running")
        frames = page.evaluate(_FRAMES)
        print(f"| frame of the slider (page, median of 240) | {frames['median'] / 1000:.4f} | |\n")


_FRAMES = """() => {
  const took = [];
  for (let n = 0; n < 240; n++) {
    const begun = performance.now();
    S.slider = n / 240;
    paintCanvas();
    took.push(performance.now() - begun);
  }
  return { median: took.sort((a, b) => a - b)[120] };
}"""


def _draw(server: Server, at: str, kind: str, points: Sequence[Sequence[float]]) -> None:
    """One more stroke, and the masks after it, with the picture of each."""
    strokes = server.ask("GET", at)[1]["state"]["strokes"]
    one = {"kind": kind, "points": points, "radius_px": 12.0, "snap": True}
    server.say(at, strokes={**strokes, "island": [*strokes.get("island", []), one]})
    job = server.do(f"{at}/masks")
    assert job["state"] == "done", job
    for name in job["files"]:
        server.ask("GET", f"/v1/jobs/{job['id']}/files/{name}")


# ------------------------------------------------------------------------------------------------------ a rough day


@contextlib.contextmanager
def _page(server: Server) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.goto(server.link)
        yield page
        browser.close()


def _wait(page: Any, code: str) -> None:
    limit = time.monotonic() + _PATIENCE_S
    while not page.evaluate(code):
        assert time.monotonic() < limit, code
        time.sleep(0.05)


_KEYS = tuple("123vcbpesmg+-0<>[]jkyno")
_CHORDS = ("Control+z", "Control+Shift+z", "Control+Enter")
_SAID = (WORDS, "island -> {navy, #aa3344}", "floor -> oak", "islan", "walls -> ", "left stool -> gold; walls -> white")


def in_the_page(folder: Path, counts: Mapping[str, int]) -> str:
    """Sessions of seeded random clicking in a real browser: no error of the page or the server, nothing lost."""
    for number in range(3):
        photo_of(folder / "photos", 0.25, f"{number}.jpg")
    complaints: list[str] = []
    actions, lost = 0, 0
    with started(folder / "photos", folder / "out", WORDS) as server, _page(server) as page:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda said: complaints.append(said.url) if said.status >= 500 else None)
        for at in server.photos():  # loads what the sessions will use
            for words in _SAID:
                server.say(at, words=words)
                server.do(f"{at}/preview")
            server.say(at, words=WORDS)
        start_mb = server.memory_mb()
        for session in range(counts["sessions"]):
            dice = random.Random(session)
            for _ in range(25):
                _act(page, dice)
                actions += 1
            _wait(page, "!S.running && S.pending === 0")
            page.reload()
            _wait(page, "S.state !== null && S.kept !== null && !S.running && S.pending === 0")
            kept = server.ask("GET", f"/v1/photos/{page.evaluate('S.id')}")[1]["state"]
            shown = page.evaluate("S.state")
            lost += any(kept[key] != shown[key] for key in ("words", "strokes", "decision"))
        end_mb = server.memory_mb()
    return (
        f"{counts['sessions']} sessions, {actions} actions: {len(complaints)} errors, {lost} states lost; "
        f"memory {start_mb:.0f} MB at the start, {end_mb:.0f} MB at the end {complaints[:3] or ''}"
    )


def _act(page: Any, dice: random.Random) -> None:
    box = page.locator("#canvas").bounding_box()

    def spot() -> tuple[float, float]:
        return box["x"] + dice.uniform(0.1, 0.9) * box["width"], box["y"] + dice.uniform(0.1, 0.9) * box["height"]

    kind = dice.random()
    if page.evaluate("document.querySelector('dialog[open]') !== null"):
        page.keyboard.press("Escape")
    elif kind < 0.35:
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(dice.choice(_KEYS))
    elif kind < 0.45:
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(dice.choice(_CHORDS))
    elif kind < 0.6:
        page.mouse.click(*spot())
    elif kind < 0.78:
        page.mouse.move(*spot())
        page.mouse.down()
        page.mouse.move(*spot(), steps=6)
        page.mouse.up()
    elif kind < 0.88:
        page.locator("#words").fill(dice.choice(_SAID))
    elif kind < 0.96:
        buttons = page.locator("button:visible:enabled")
        buttons.nth(dice.randrange(buttons.count())).click(timeout=2000, force=True)
    else:
        page.reload()
        _wait(page, "S.state !== null")


def many_clients(folder: Path, counts: Mapping[str, int]) -> str:
    """Requests from eight clients at once: a full queue is a 429, nothing is a 5xx, what was kept is there."""
    for number in range(8):
        photo_of(folder / "photos", 0.1, f"{number}.jpg")
    with started(folder / "photos", folder / "out", WORDS) as server:
        ways = server.photos()
        server.do(f"{ways[0]}/preview")
        start_mb = server.memory_mb()

        def client(number: int) -> int:
            dice, at, lost = random.Random(number), ways[number], 0
            for turn in range(counts["requests"] // 8):
                kind = dice.randrange(5)
                if kind == 0:
                    words = f"island -> #{number}{number}{number}; cabinets -> #{turn:06d}"
                    server.say(at, words=words)
                    lost += server.ask("GET", at)[1]["state"]["words"] != words
                elif kind == 1:
                    server.ask("POST", f"{at}/{dice.choice(('masks', 'preview'))}")
                else:
                    below = (f"{at}/image?size=240", "/v1/photos", f"{at}/tile?column=0&row=0", f"{at}/command")
                    server.ask("GET", dice.choice(below))
            return lost

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            lost = sum(pool.map(client, range(8)))
        end_mb = server.memory_mb()
        told = ", ".join(f"{count} x {status}" for status, count in sorted(server.statuses.items()))
    return f"8 clients: {told}; {lost} states lost; memory {start_mb:.0f} MB at the start, {end_mb:.0f} MB at the end"


PHASES = ("queued", "opening the photo", "loading the models", "finding the masks", "painting", "writing")


def _is_at(phase: str, job: Mapping[str, Any]) -> bool:
    return phase in (job["state"], job["doing"])


def killed(folder: Path, counts: Mapping[str, int]) -> str:  # noqa: ARG001 - one form for all parts
    """A kill in each phase of saving: words and strokes stay, no half file is left, and the next start saves."""
    told = []
    for phase in PHASES:
        place = folder / phase.replace(" ", "-")
        photo = photo_of(place, 0.5)
        stroke = {"kind": "brush", "points": [[300.0, 300.0], [340.0, 300.0]], "radius_px": 8.0, "snap": False}
        with started(photo, place / "out", WORDS) as server:
            (at,) = server.photos()
            server.say(at, strokes={"island": [stroke]}, decision="accepted")
            if phase == "queued":
                server.ask("POST", f"{at}/masks")
            _, job = server.ask("POST", f"{at}/save")
            job = server.ended(job, functools.partial(_is_at, phase))
            seen = job["doing"] or job["state"]
            server.process.kill()
            server.process.wait()
        results = [path for path in (place / "out").glob("*.jpg") if cv2.imread(str(path)) is None]
        with started(photo, place / "out", WORDS) as server:
            state = server.ask("GET", at)[1]
            is_kept = state["state"]["strokes"].get("island") == [stroke] and state["state"]["decision"] == "accepted"
            limit = time.monotonic() + _PATIENCE_S
            while not server.ask("GET", at)[1]["is_current"] and time.monotonic() < limit:
                time.sleep(0.1)
            is_saved = (
                server.ask("GET", at)[1]["is_current"] and cv2.imread(str(place / "out" / "kitchen.jpg")) is not None
            )
        left = [path.name for path in (place / "out").rglob(".automask-*")]
        fine = is_kept and is_saved and not results and not left
        told.append(f"{phase} ({seen}): {'nothing lost' if fine else f'LOST {is_kept} {is_saved} {results} {left}'}")
    return "killed while " + "; ".join(told)


def many_edits(folder: Path, counts: Mapping[str, int]) -> str:
    """Many saved edits in one server: memory after a tenth of them, and at the end."""
    photo = photo_of(folder, 0.25)
    with started(photo, folder / "out", WORDS) as server:
        (at,) = server.photos()
        seen = []
        for number in range(counts["edits"]):
            server.say(at, words=f"island -> #{number:06x}; cabinets -> {_COLOURS[number % 6]}")
            job = server.do(f"{at}/save")
            assert job["state"] == "done", job
            seen.append(server.memory_mb())
    start, end = statistics.median(seen[: max(1, len(seen) // 10)]), statistics.median(seen[-max(1, len(seen) // 10) :])
    return (
        f"{counts['edits']} edits: {start:.0f} MB in the first tenth, {end:.0f} MB in the last ({end / start - 1:+.1%})"
    )
