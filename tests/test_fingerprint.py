"""What decides a result: the same digest for the same, another for anything else, and the values of 0.1 unchanged."""

from pathlib import Path

import pytest

from automask import fingerprint
from automask.plan import parse_plan
from automask.protocols import Stages
from automask.runner import result_digest
from automask.settings import RunSettings
from automask.types import METADATA, Edit

WORDS = parse_plan("island -> marble; keep faucet")
OPTIONS = (
    Edit(
        ("island", "black wall"),
        "swatch:oak.jpg",
        excepts=("handles",),
        seed=9,
        mask=(("dilate_px", 3),),
        options=(("scale", 1.5),),
    ),
    Edit(("cabinets",), "white", keep=("faucet",), editor="second"),
)
CONFIG = {
    "segmenter": {"_target_": "a.B", "threshold": 0.5},
    "mask": {"dilate_px": None},
    "editors": {"second": {"x": [1, 2]}},
}


class Finds:
    own_files = ("net.onnx",)

    def heats(self, photo, targets):
        raise NotImplementedError


class Refines:
    def refine(self, photo, heats, boxes):
        raise NotImplementedError


class Paints:
    multiple_px, ideal_px = 1, 0
    own_files = (Path("oak.jpg"),)

    def reads(self, prompt):
        return ("oak.jpg",) if prompt.startswith("swatch:") else ()

    def paint(self, crop, hard, prompt, *, seed, scale: float = 1.0):
        raise NotImplementedError


for one in (Finds, Refines, Paints):
    one.__module__ = "automask.testing"  # code from outside counts by its digest, and this file's would


@pytest.fixture
def stages(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("automask._version.__version__", "0.1.0")
    Path("net.onnx").write_bytes(b"net")
    Path("oak.jpg").write_bytes(b"oak")
    return Stages(Finds(), Refines(), Paints(), editors={"second": Paints()}, preset="starter", config=CONFIG)


FROZEN = [  # made by the code of 0.1: plan, settings; the job's digest, then disclosed as metadata, labelled and signed
    (
        WORDS,
        RunSettings(),
        "c79aed8f93b5695356e1c7b40843ff1e72612b52128af6a8a5d135e25fdde657",
        "7bc1f1bd401f0be3739cc8f680d1fa101e6a46f28049c9cb68ef2405b10a567e",
        "60f575d4a4bffd2d2d2ce96cd35127971985d5f241e6f3df378c088ed1dafd69",
    ),
    (
        OPTIONS,
        RunSettings(seed=7, on_missing="fail", candidates=4),
        "737de01b4486ca8777150857c02ccb4374ccdf80aa8278ac2d66b83ed13e2e17",
        "9769672973885bb9ca3b9921dec61fe812fc787e47f91ac6f574430ce2cbf443",
        "04c67a581f1187e45a5b6e559ac10f6fc943ef85802f8ea0f4a95bb282ab0ca3",
    ),
]


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0"])
@pytest.mark.parametrize(("plan", "settings", "job", "metadata", "label"), FROZEN)
def test_a_folder_made_by_0_1_is_still_done_before(stages, monkeypatch, version, plan, settings, job, metadata, label):
    monkeypatch.setattr("automask._version.__version__", version)
    digest = result_digest("f" * 64, plan, stages, settings)
    assert digest == job
    assert fingerprint.disclosed_digest(digest, "none") == job
    assert fingerprint.disclosed_digest(digest, "metadata") == metadata
    assert fingerprint.disclosed_digest(digest, "label", signed=True) == label
    bare = {fingerprint.disclosed_digest(digest, "none", metadata=kept) for kept in METADATA}
    assert len(bare | {metadata, label}) == 5


def test_whatever_decides_a_result_changes_its_digest(stages, monkeypatch):
    seen = [result_digest("f" * 64, OPTIONS, stages, RunSettings())]
    seen.append(result_digest("e" * 64, OPTIONS, stages, RunSettings()))
    seen.append(result_digest("f" * 64, OPTIONS[:1], stages, RunSettings()))
    skips = [RunSettings(on_doubt="skip"), RunSettings(on_doubt="skip", doubt_below=0.5)]
    for changed in (RunSettings(seed=1), RunSettings(on_missing="fail"), RunSettings(candidates=2), *skips):
        seen.append(result_digest("f" * 64, OPTIONS, stages, changed))
    for name in ("net.onnx", "oak.jpg"):
        Path(name).write_bytes(b"other")
        seen.append(result_digest("f" * 64, OPTIONS, stages, RunSettings()))
    monkeypatch.setattr("automask._version.__version__", "99")
    seen.append(result_digest("f" * 64, OPTIONS, stages, RunSettings()))
    assert len(set(seen)) == len(seen)


def test_what_only_costs_time_or_is_written_later_does_not_change_it(stages):
    plain = result_digest("f" * 64, WORDS, stages, RunSettings())
    other = RunSettings(max_megapixels=3, mask_cache_mb=9, disclose="label", c2pa="me.pem", on_doubt="keep")
    assert result_digest("f" * 64, WORDS, stages, other) == plain
