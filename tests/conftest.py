"""A small room with known masks, for the tests that run the whole program without any model."""

import importlib.util
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawing import disc, room
from hypothesis import settings

SIZE = (96, 128)

# A shell that starts the tests in the background has them ignore Ctrl-C, and what they start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# A deadline of wall-clock time says more of what else the machine does than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

HAS_MODELS = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "diffusers", "segment_anything"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--long`: the tests marked `long`, and ten times as many seeds of damaged files, records and words."""
    parser.addoption("--parity", metavar="FILE", help="writes what `parity` compared into FILE, as a table")
    parser.addoption("--long", action="store_true", help="also what takes minutes, and ten times as many damaged files")


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Skips the tests marked `models` where the extra of that name is not installed, and `long` without `--long`."""
    long = config.getoption("--long")
    for item in items:
        if not long and item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: --long runs it"))
        if not HAS_MODELS and item.get_closest_marker("models"):
            item.add_marker(pytest.mark.skip(reason="needs the 'models' extra: pip install 'automask[models]'"))


PARITY = pytest.StashKey[dict[tuple[str, str], tuple[float, float]]]()


@pytest.fixture
def parity(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compares what an adapter gives with a direct call of its library; `--parity FILE` writes the largest differences.

    Called with the adapter, what is compared (with its unit), both results, and the most by which they may differ.
    """
    known = request.config.stash.setdefault(PARITY, {})

    def compare(adapter: str, what: str, ours: object, theirs: object, *, most: float) -> None:
        one, other = (np.asarray(each, np.float64) for each in (ours, theirs))
        assert one.shape == other.shape
        apart = float(np.abs(one - other).max())
        known[adapter, what] = max(known.get((adapter, what), (0.0, most))[0], apart), most
        assert apart <= most, f"{adapter}: {what} is {apart:.3g} from the library's own, and {most:g} is allowed"

    return compare


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the table of `--parity`."""
    path, rows = session.config.getoption("--parity"), session.config.stash.get(PARITY, {})
    if path and rows:
        lines = ["| adapter | what | largest difference | allowed |", "|---|---|---|---|"]
        for (adapter, what), (apart, most) in sorted(rows.items()):
            lines.append(
                f"| `{adapter}` | {what} | {f'{apart:.1g}' if apart else 'none'} | {f'{most:g}' if most else 'none'} |"
            )
        Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many tests were skipped for which reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}")


@pytest.fixture(scope="module")
def one_thread():
    """On a busy machine a tiny net is ten times slower on two threads than on one: they wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


BOUND_S = 60
"""Of processor time, whatever else the machine does: hundreds of times what a test with `bounded` takes."""


@pytest.fixture
def bounded():
    """Ends a test that works for a minute: without their defence such tests would for much longer, or for ever."""
    if not hasattr(signal, "SIGPROF"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"it took more than {BOUND_S} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, BOUND_S)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


@dataclass(frozen=True)
class Scene:
    """A photo on disk, the masks of its objects, and the overrides that make automask use them."""

    folder: Path
    photo: Path
    masks: dict[str, np.ndarray]
    overrides: Sequence[str]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    folder = tmp_path / "scene"
    (folder / "heat").mkdir(parents=True)
    photo = folder / "kitchen.png"
    cv2.imwrite(str(photo), room(*SIZE)[..., ::-1])
    masks = {
        "island": disc(SIZE, (40, 50), 20),
        "handles": disc(SIZE, (40, 50), 6),
        "lamp": disc(SIZE, (100, 20), 9),
        "yacht": np.zeros(SIZE, dtype=bool),
    }
    for name, mask in masks.items():
        cv2.imwrite(str(folder / "heat" / f"{name}.png"), mask.astype(np.uint8) * np.uint8(230))
    overrides = ("segmenter=painted", f"segmenter.masks='{folder / 'heat'}'", "refiner=threshold")
    return Scene(folder, photo, masks, overrides)


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with one letter for each time that `segmenter=counting`, of the folder `conf` next to it, saw a photo."""
    folder = tmp_path / "mine"
    (folder / "conf" / "segmenter").mkdir(parents=True)
    (folder / "conf" / "segmenter" / "counting.yaml").write_text("_target_: counting_looks.Counting\nmasks: masks\n")
    source = "from automask.segmenters.painted import Painted\n\n\nclass Counting(Painted):\n"
    source += "    def heats(self, photo, targets):\n"
    source += f"        with open({str(folder / 'looks.txt')!r}, 'a') as file:\n            file.write('x')\n"
    source += "        return super().heats(photo, targets)\n"
    (folder / "counting_looks.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delitem(sys.modules, "counting_looks", raising=False)
    return folder / "looks.txt"
