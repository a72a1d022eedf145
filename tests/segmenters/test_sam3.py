import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from automask.errors import SegmenterError, UnknownPhrase, WeightsMissing
from automask.segmenters.sam3 import Sam3
from automask.testing import tiny_sam3, tiny_sam3_folder

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

PHRASES = ["island", "the black wall"]
THRESHOLD = 0.3


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(1).integers(0, 256, (90, 140, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def plain(photo):
    """For each phrase what the library answers in one call for photo and words, and its own instances."""
    import torch
    from transformers import Sam3Model, Sam3Processor

    folder = tiny_sam3_folder()
    processor, net = Sam3Processor.from_pretrained(folder), Sam3Model.from_pretrained(folder).eval()
    answers = {}
    for phrase in PHRASES:
        given = processor(images=Image.fromarray(photo), text=phrase, return_tensors="pt")
        with torch.no_grad():
            made = net(**{name: given[name] for name in ("pixel_values", "input_ids", "attention_mask")})
        (own,) = processor.post_process_instance_segmentation(
            made, threshold=THRESHOLD, mask_threshold=0.5, target_sizes=[photo.shape[:2]]
        )
        answers[phrase] = made, own
    return answers


@pytest.mark.parametrize("phrase", PHRASES)
def test_heat_is_the_best_mask_times_its_score(photo, plain, phrase, parity):
    made, _ = plain[phrase]
    scores = (made.pred_logits.sigmoid() * made.presence_logits.sigmoid())[0]
    expected = (made.pred_masks[0].sigmoid() * scores[:, None, None]).amax(0).numpy()
    (concept,) = tiny_sam3().look(photo, [phrase])
    parity("sam3", "heat", concept.heat, expected, most=1e-4)
    assert expected.std() > 0.05  # else anything would be near
    parity("sam3", "presence", concept.presence, float(made.presence_logits.sigmoid()), most=1e-5)


def test_the_things_are_those_of_the_library_s_own_post_processing(photo, plain):
    kept = 0
    for phrase in PHRASES:
        made, own = plain[phrase]
        queries = made.pred_logits.shape[1]
        assert len(own["scores"]) < queries  # some are dropped
        kept += len(own["scores"])
        (concept,) = tiny_sam3().look(photo, [phrase])
        scores = (made.pred_logits.sigmoid() * made.presence_logits.sigmoid())[0]
        order = scores.argsort(descending=True)
        sure = order[scores[order] > THRESHOLD]
        assert len(sure) == len(own["scores"])
        shares = (made.pred_masks[0, sure].sigmoid() * scores[sure, None, None]).numpy()
        assert np.array_equal(concept.pieces, shares.argmax(axis=0) + 1 if len(sure) else np.zeros_like(concept.pieces))
        # Where the library's masks are, our heat is above half their score.
        for score, mask in zip(own["scores"], own["masks"], strict=True):
            enlarged = cv2.resize(concept.heat, (140, 90), interpolation=cv2.INTER_LINEAR)
            assert (enlarged[mask.numpy() > 0] >= 0.45 * float(score)).all()
    assert kept > 2


def test_survey_brings_the_heat_to_the_photo_with_seams_and_presence(photo):
    segmenter = tiny_sam3()
    survey = segmenter.survey(photo, PHRASES)
    concepts = segmenter.look(photo, PHRASES)
    assert survey.heats.shape == (2, 90, 140)
    assert survey.heats.dtype == np.float32
    assert np.array_equal(segmenter.heats(photo, PHRASES), survey.heats)
    for heat, concept in zip(survey.heats, concepts, strict=True):
        enlarged = cv2.resize(concept.heat, (140, 90), interpolation=cv2.INTER_LINEAR)
        warm = heat > 0
        assert np.array_equal(heat[warm], enlarged[warm])
        assert warm.mean() > 0.5
    assert [row["presence"] for row in survey.evidence] == [concept.presence for concept in concepts]
    pieces = segmenter.instances(photo, PHRASES)
    assert pieces.shape == (2, 90, 140)
    assert pieces.max() > 1


def test_what_is_not_in_the_photo_stays_cold(photo):
    import torch

    segmenter = tiny_sam3()
    with torch.no_grad():
        segmenter.net.detr_decoder.presence_head.layer3.bias.fill_(-20.0)
    survey = segmenter.survey(photo, ["island"])
    assert survey.heats.max() == 0  # and nothing is left to stretch
    assert survey.evidence[0]["presence"] < 1e-3
    assert segmenter.instances(photo, ["island"]).max() == 0


def test_without_a_presence_head_the_scores_are_the_queries(photo, monkeypatch):
    segmenter = tiny_sam3()
    forward = type(segmenter.net).forward

    def without(self, **given):
        made = forward(self, **given)
        made.presence_logits = None
        return made

    monkeypatch.setattr(type(segmenter.net), "forward", without)
    assert segmenter.look(photo, ["island"])[0].presence == 1.0


def test_the_photo_is_looked_at_once_for_any_number_of_phrases(photo):
    segmenter = tiny_sam3()
    runs = []
    segmenter.net.vision_encoder.register_forward_hook(lambda *_: runs.append(1))
    segmenter.heats(photo, [*PHRASES, "sofa"])
    segmenter.instances(photo, PHRASES)
    assert runs == [1]


def test_bars_have_no_heat():
    photo = np.zeros((130, 140, 3), np.uint8)
    photo[20:110] = np.random.default_rng(1).integers(0, 256, (90, 140, 3), dtype=np.uint8)
    (heat,) = tiny_sam3().heats(photo, ["island"])
    assert np.array_equal(heat[20:110], tiny_sam3().heats(photo[20:110], ["island"])[0])
    assert heat[:20].max() == heat[110:].max() == 0


def test_words_that_cannot_be_read_are_unknown_before_the_photo_is_looked_at():
    with pytest.raises(UnknownPhrase, match=r"an empty phrase names nothing; say what to look for"):
        tiny_sam3().heats(None, ["island", " "])
    with pytest.raises(UnknownPhrase, match=r"is 42 tokens long, SAM 3 reads 32 \(including start and end\); say it"):
        tiny_sam3().heats(None, ["x" * 40])


def test_half_precision_stays_near(photo):
    segmenter = Sam3(model=str(tiny_sam3_folder()), device="cpu", dtype="bfloat16")
    assert segmenter.device_note == "sam3 runs on the CPU in bfloat16"
    rough, exact = segmenter.heats(photo, ["island"]), tiny_sam3().heats(photo, ["island"])
    assert rough.dtype == np.float32
    assert np.abs(rough - exact).mean() < 0.1


def test_incomplete_or_missing_weights_are_refused(tmp_path, monkeypatch):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "copy"
    shutil.copytree(tiny_sam3_folder(), folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["detr_decoder.query_embed.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(SegmenterError, match=r"lack 1 of SAM 3's tensors \(detr_decoder.query_embed.weight"):
        Sam3(model=str(folder), device="cpu")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"no weights for 'sam3' under .*; run 'automask models fetch sam3'"):
        Sam3()
