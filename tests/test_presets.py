"""Each preset of today's models from words to a picture, with its own classes at tiny size: wiring, not quality."""

import numpy as np
import pytest

import automask
from automask import config
from automask.testing import tiny_rooms

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

# What stands in for each file of a preset: the same adapter, loaded by path from tiny weights.
TINY = {
    "segmenter": {"sam3": "tiny-sam3", "grounding-dino": "tiny-grounding-dino", "rooms": "tiny-rooms"},
    "refiner": {"sam2": "tiny-sam2", "sam": "tiny"},
    "editor": {"klein": "tiny", "paint": "paint"},
}
PRESETS = ("best", "open", "rooms")


def files_of(preset):
    lines = (config.conf_dir() / "preset" / f"{preset}.yaml").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("override /")[1].split(": ") for line in lines if "override /" in line]
    return {group: name for group, name in pairs}  # noqa: C416 - pairs are lists


def tiny(preset):
    """The overrides that put tiny weights in place of a preset's own; everything else is the preset's."""
    files = files_of(preset)
    overrides = [f"{group}={TINY[group][files[group]]}" for group in TINY]
    if files["editor"] == "klein":
        overrides += ["editor.kind=klein", "editor.guidance=1.0", "editor.steps=4"]
    # Chance is not sure of anything.
    return [*overrides, "boxes.threshold=0.05", "on_doubt=keep"]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_goes_from_words_to_a_picture(preset):
    photo = np.random.default_rng(7).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    words = "floor -> navy; window -> sage"
    if preset == "rooms":  # a net with random weights finds what it finds
        seen = tiny_rooms()
        words = f"{seen.labels.names[int(seen.label_heats(photo).max(axis=(1, 2)).argmax())]} -> navy"
    outcome = automask.edit(photo, words, preset=preset, overrides=tiny(preset))
    assert outcome.image.shape == photo.shape
    painted = [step for step in outcome.steps if step.area_px]
    assert painted, [step.reason for step in outcome.steps]
    assert outcome.record["outside_changed_px"] == 0
    assert (outcome.image != photo).any()
    assert outcome.record["preset"] == preset


def test_the_adapters_are_those_of_the_real_presets():
    for preset in PRESETS:
        files = files_of(preset)
        real = config.compose(preset)
        stages = config.build(config.compose(preset, tiny(preset)))
        for group in ("segmenter", "refiner", "editor"):
            assert TINY[group][files[group]]
            assert type(getattr(stages, group)).__name__ == real[group]["_target_"].rpartition(".")[2], (preset, group)
