import json
import shutil

import numpy as np
import pytest
from PIL import Image

from automask.errors import ConfigError, SegmenterError, UnknownPhrase, WeightsMissing
from automask.segmenters.grounding_dino import GroundingDino
from automask.testing import tiny_grounding_dino, tiny_grounding_dino_folder

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

KINDS = {
    "grounding-dino": "GroundingDinoForObjectDetection",
    "mm-grounding-dino": "MMGroundingDinoForObjectDetection",
}


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(1).integers(0, 256, (90, 140, 3), dtype=np.uint8)


def plain(kind, photo, text, threshold):
    """What the library's own processor makes of the library's own net: scores and boxes, best first."""
    import torch
    import transformers

    folder = tiny_grounding_dino_folder(kind)
    processor = transformers.GroundingDinoProcessor.from_pretrained(folder)
    net = getattr(transformers, KINDS[kind]).from_pretrained(folder).eval()
    given = processor(images=Image.fromarray(photo), text=text, return_tensors="pt")
    with torch.no_grad():
        made = net(**given)
    (found,) = processor.post_process_grounded_object_detection(
        made, given["input_ids"], threshold=threshold, text_threshold=0.25, target_sizes=[photo.shape[:2]]
    )
    order = found["scores"].argsort(descending=True)
    return found["scores"][order].numpy(), found["boxes"][order].numpy(), made.logits.shape[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("phrase", "text"), [("island", "island."), ("The Black wall", "the black wall.")])
def test_boxes_are_those_of_the_library_s_own_post_processing(photo, kind, phrase, text, parity):
    (mine,) = tiny_grounding_dino(kind=kind).detect(photo, [phrase])
    threshold = float(np.median(mine.scores))
    scores, boxes, queries = plain(kind, photo, text, threshold)
    assert 3 < len(scores) < queries - 3  # some are kept and some are dropped
    # Ours are without doubles: each of the library's boxes is one of ours, or a double of a better one.
    kept = mine.at_least(threshold + 1e-6)
    assert len(kept.scores) >= len(scores) - 2
    for score, box in zip(kept.scores, kept.boxes, strict=True):
        nearest = int(np.abs(boxes - box).max(axis=1).argmin())
        parity(kind, "boxes, px", box, boxes[nearest], most=1e-2)
        parity(kind, "scores", score, scores[nearest], most=1e-4)


def test_phrases_are_looked_for_one_by_one(photo):
    phrases = ["island", "the black wall", "sofa"]
    together = tiny_grounding_dino().detect(photo, phrases)
    for phrase, one in zip(phrases, together, strict=True):
        (alone,) = tiny_grounding_dino().detect(photo, [phrase])
        assert np.abs(alone.boxes - one.boxes).max() < 1e-3
    assert together[0].boxes.tolist() != together[1].boxes.tolist()


def test_heat_is_the_score_of_the_box_and_pieces_number_the_boxes(photo):
    segmenter = tiny_grounding_dino()
    heats, pieces = segmenter.heats(photo, ["island"]), segmenter.instances(photo, ["island"])
    (found,) = segmenter.detect(photo, ["island"])
    assert heats.shape == pieces.shape == (1, 90, 140)
    assert heats.dtype == np.float32
    assert {*np.unique(heats)} <= {0.0, *found.scores.tolist()}
    hot = heats[0] > 0
    assert np.array_equal(heats[0][hot], found.scores[pieces[0][hot] - 1])
    assert 0.05 < hot.mean() < 0.95


def test_the_photo_is_looked_at_once_for_heats_and_instances(photo):
    segmenter = tiny_grounding_dino()
    runs = []
    segmenter.net.register_forward_hook(lambda *_: runs.append(1))
    segmenter.heats(photo, ["island", "sofa"])
    segmenter.instances(photo, ["sofa"])
    assert len(runs) == 2  # one for each phrase
    segmenter.heats(photo[:80], ["sofa"])
    assert len(runs) == 3


def test_bars_have_no_heat():
    photo = np.zeros((130, 140, 3), np.uint8)
    photo[20:110] = np.random.default_rng(1).integers(0, 256, (90, 140, 3), dtype=np.uint8)
    (heat,) = tiny_grounding_dino().heats(photo, ["island"])
    assert np.array_equal(heat[20:110], tiny_grounding_dino().heats(photo[20:110], ["island"])[0])
    assert heat[:20].max() == heat[110:].max() == 0


def test_words_that_cannot_be_read_are_unknown_before_the_photo_is_looked_at():
    with pytest.raises(UnknownPhrase, match=r"an empty phrase names nothing; say what to look for"):
        tiny_grounding_dino().heats(None, ["island", " "])
    with pytest.raises(UnknownPhrase, match=r"is 303 tokens long, Grounding DINO reads 256; say it in fewer words"):
        tiny_grounding_dino().heats(None, ["x " * 300])


def test_half_precision_stays_near(photo):
    segmenter = GroundingDino(model=str(tiny_grounding_dino_folder()), device="cpu", dtype="bfloat16")
    assert segmenter.device_note == "grounding-dino runs on the CPU in bfloat16"
    (rough,), (exact,) = segmenter.detect(photo, ["island"]), tiny_grounding_dino().detect(photo, ["island"])
    assert abs(rough.scores[0] - exact.scores[0]) < 0.1


def test_a_net_of_another_kind_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clipseg"}))
    with pytest.raises(ConfigError, match=r"is a clipseg, and no Grounding DINO; use a checkpoint of"):
        GroundingDino(model=str(tmp_path))


def test_incomplete_weights_are_refused(tmp_path, monkeypatch):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "copy"
    shutil.copytree(tiny_grounding_dino_folder(), folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.text_projection.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(SegmenterError, match=r"lack 1 of grounding-dino's tensors \(model.text_projection.weight"):
        GroundingDino(model=str(folder), device="cpu")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"no weights for 'grounding-dino-tiny' under .*; run 'automask models"):
        GroundingDino()
