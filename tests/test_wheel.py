"""What a user installs is the wheel, not the checkout."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A copy: the build leaves files next to its sources, and another test may look there at the same time.
    source = tmp_path_factory.mktemp("source") / "automask"
    source.mkdir()
    for name in ("automask", "conf"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "licenses", source / "licenses")
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source / name)
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_configuration_weights_and_sample_and_stays_small(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "automask/conf/config.yaml",
        "automask/conf/preset/starter.yaml",
        "automask/batches/page.html",
        "automask/samples/kitchen.jpg",
        "automask/geometry/surfaces.onnx",
        "automask/segmenters/weights/starter.onnx",
        "automask/segmenters/weights/starter-nyu.onnx",
        "automask/segmenters/weights/starter-nyu-quality.json",
        "automask/segmenters/weights/words.npz",
        "automask/segmenters/weights/quality.json",
        "automask/masking/quality.json",
        "automask/plan/sets.yaml",
        "automask/py.typed",
    ):
        assert needed in names
    assert not [name for name in names if name.startswith(("tests/", "scripts/", "conf/"))]
    assert wheel.stat().st_size < 24e6


def test_the_wheel_holds_the_licences_of_what_is_in_it(wheel: Path):
    archive = zipfile.ZipFile(wheel)
    texts = {
        name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".txt", ".md", "NOTICE"))
    }
    inside = {name.partition(".dist-info/licenses/")[2]: text for name, text in texts.items()}
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in inside["licenses/WordNet-3.0.txt"]
    assert "Permission is hereby granted, free of charge" in inside["licenses/css-color-names-MIT.txt"]
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())
    for named in ("EfficientNet-Lite", "MiniLM", "WordNet", "RAL", "NYU Depth V2", "pillow-heif", "research only"):
        assert named in inside["NOTICE"], named
    # Every net has its model card next to it, with terms of its own, and NOTICE names both.
    nets = [name for name in archive.namelist() if name.endswith((".onnx", ".npz"))]
    assert len(nets) == 4
    for net in nets:
        card = str(PurePosixPath(net).with_name("MODEL_CARD.md"))
        assert "## Terms" in texts[card]
        assert PurePosixPath(net).name in texts[card]
        assert net in inside["NOTICE"]
        assert card in inside["NOTICE"]


def test_installed_into_an_empty_environment_the_demo_runs_without_torch(wheel: Path, tmp_path: Path):
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    # Nothing of this checkout or its environment may help.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    pip, locked = [str(python), "-m", "pip"], str(ROOT / "scripts" / "lock" / "light.txt")
    for words in (
        ["install", "--quiet", "--require-hashes", "--no-deps", "--requirement", locked],
        ["install", "--quiet", "--no-deps", str(wheel)],
        ["check"],  # that the wheel asks for nothing else
    ):
        subprocess.run([*pip, *words], check=True, capture_output=True, cwd=tmp_path, env=clean)
    ran = subprocess.run(
        [str(programs / "automask"), "demo", "-o", "out"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=clean,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    record = json.loads((tmp_path / "out" / "kitchen.run.json").read_text(encoding="utf-8"))
    assert [step["found"] for step in record["steps"]] == [True, True]
    assert record["outside_changed_px"] == 0
    installed = sum(path.stat().st_size for path in home.rglob("*") if path.is_file() and not path.is_symlink())
    assert installed < 600e6
    assert not list(home.rglob("site-packages/torch"))
