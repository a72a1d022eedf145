"""CONTRIBUTING.md's walk-through, done to the letter: a segmenter from outside, in one file and one YAML."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The only fenced block of a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    return str(text)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A newcomer's folder: the two files of the page, and a grey room with a blue square."""
    assert ROOT not in tmp_path.parents
    (tmp_path / "colours.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "conf" / "segmenter").mkdir(parents=True)
    (tmp_path / "conf" / "segmenter" / "colours.yaml").write_text(block("yaml"), encoding="utf-8")
    room = np.full((96, 128, 3), 120, dtype=np.uint8)
    room[30:70, 40:90] = (40, 80, 200)
    cv2.imwrite(str(tmp_path / "room.png"), room[..., ::-1])
    return tmp_path


def commands() -> list[str]:
    return block("sh").splitlines()


def run(desk: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([".", str(ROOT)])}
    return subprocess.run(command, cwd=desk, env=environment, capture_output=True, text=True, check=False)


def test_the_page_names_the_two_files():
    assert PAGE.index("`colours.py`") < PAGE.index("```python")
    assert PAGE.index("`conf/segmenter/colours.yaml`") < PAGE.index("```yaml")
    assert "automask/segmenters" not in block("python")
    assert len(commands()) == 2


@pytest.mark.parametrize("number", [0, 1])
def test_a_command_of_the_page_works(desk: Path, number: int):
    path, program, *arguments = shlex.split(commands()[number])
    assert (path, program) == ("PYTHONPATH=.", "automask")
    done = run(desk, [sys.executable, "-m", "automask.cli", *arguments])
    assert (done.returncode, done.stderr) == (0, "")
    mask = cv2.imread(str(desk / "out" / "room.masks" / "01-blue.png"), cv2.IMREAD_GRAYSCALE)
    assert np.all(mask[30:70, 40:90] == 255)
    assert np.count_nonzero(mask) < 60 * 70
    if arguments[0] == "edit":
        painted = cv2.imread(str(desk / "out" / "room.png"))[..., ::-1]
        assert np.ptp(painted[50, 65]) < 20  # the blue is gone
        assert np.all(painted[:20] == 120)


def test_the_script_of_the_page_works(desk: Path):
    done = run(desk, [sys.executable, "-c", block("py")])
    assert (done.returncode, done.stderr) == (0, "")
    assert (desk / "out" / "room.png").is_file()


@pytest.mark.slow
def test_its_own_refusals_are_reported_like_automask_s(desk: Path):
    typed = [sys.executable, "-m", "automask.cli", "mask", "room.png"]
    given = ["--conf", "conf", "segmenter=colours", "refiner=threshold"]
    done = run(desk, [*typed, "mauve", *given])
    assert (done.returncode, done.stderr) == (2, "automask: no colour 'mauve'; known are: red, green, blue, white\n")
    done = run(desk, [*typed, "blue", *given, "segmenter.reach=0"])
    assert (done.returncode, done.stderr) == (2, "automask: segmenter.reach is 0; give a number above 0\n")
    done = run(desk, [*typed, "blue", *given, "segmenter.raech=9"])
    assert "unknown key 'segmenter.raech'; did you mean 'segmenter.reach'?" in done.stderr


def test_its_yaml_is_one_to_one_with_its_constructor(desk: Path, monkeypatch: pytest.MonkeyPatch):
    import yaml

    from automask.config import parameters_of

    monkeypatch.syspath_prepend(desk)
    content = yaml.safe_load(block("yaml"))
    parameters = parameters_of(content.pop("_target_"))
    assert content == {name: parameter.default for name, parameter in parameters.items()}
