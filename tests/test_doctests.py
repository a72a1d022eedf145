"""The examples in the docstrings of the Python door run, on the bundled kitchen made small."""

import doctest
import importlib
import shutil
from pathlib import Path

import cv2
import pytest

import automask
from automask.images import open_photo, write_picture

MODULES = (
    "automask.api",
    "automask.results.coco",
    "automask.results.labelme",
    "automask.results.yolo",
    "automask.results.outcome",
    "automask.results.detections",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with `kitchen.jpg`, and the same in `listing/`."""
    folder = tmp_path_factory.mktemp("examples")
    photo = open_photo(Path(automask.__file__).parent / "samples" / "kitchen.jpg").rgb
    small = cv2.resize(photo, (480, round(480 * photo.shape[0] / photo.shape[1])), interpolation=cv2.INTER_AREA)
    write_picture(folder / "kitchen.jpg", small)
    (folder / "listing").mkdir()
    shutil.copy(folder / "kitchen.jpg", folder / "listing" / "kitchen.jpg")
    return folder


def examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in MODULES:
        module = importlib.import_module(name)
        yield from (test for test in finder.find(module, name, globs={"automask": automask}) if test.examples)


@pytest.mark.parametrize("example", [*examples()], ids=lambda example: example.name)
def test_an_example_runs(example, folder, monkeypatch):
    if "detections" in example.name:
        pytest.importorskip("supervision")
    monkeypatch.chdir(folder)
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example)
    assert (failed, tried > 0) == (0, True)


def test_the_door_has_examples():
    names = {example.name.rpartition(".")[2] for example in examples()}
    assert {"edit", "variants", "mask", "batch", "load", "Stages", "to_coco", "pil"} <= names
