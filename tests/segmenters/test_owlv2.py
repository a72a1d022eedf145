import numpy as np
import pytest
from PIL import Image

from automask.errors import ConfigError, UnknownPhrase, WeightsMissing
from automask.segmenters.owlv2 import Owlv2
from automask.testing import tiny_owlv2, tiny_owlv2_folder

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

PHRASES = ["island", "black wall"]


def a_photo(size_hw):
    return np.random.default_rng(1).integers(0, 256, (*size_hw, 3), dtype=np.uint8)


def plain(photo, phrase, threshold):
    """What the library's own processor makes of the library's own net: scores and boxes, best first."""
    import torch
    from transformers import Owlv2ForObjectDetection, Owlv2Processor

    folder = tiny_owlv2_folder()
    processor, net = Owlv2Processor.from_pretrained(folder), Owlv2ForObjectDetection.from_pretrained(folder).eval()
    given = processor(text=[[phrase]], images=Image.fromarray(photo), max_length=32, return_tensors="pt")
    with torch.no_grad():
        made = net(**given)
    (found,) = processor.post_process_grounded_object_detection(
        made, threshold=threshold, target_sizes=torch.tensor([photo.shape[:2]])
    )
    order = found["scores"].argsort(descending=True)
    return found["scores"][order].numpy(), found["boxes"][order].numpy(), made.logits.shape[1]


@pytest.mark.parametrize("size_hw", [(90, 140), (150, 70)], ids=["wide", "tall"])
@pytest.mark.parametrize("phrase", PHRASES)
def test_boxes_are_those_of_the_library_s_own_post_processing(size_hw, phrase, parity):
    photo = a_photo(size_hw)
    mine = tiny_owlv2().detect(photo, PHRASES)[PHRASES.index(phrase)]
    threshold = float(np.median(mine.scores))
    scores, boxes, places = plain(photo, phrase, threshold)
    assert 3 < len(scores) < places - 3  # some are kept and some are dropped
    kept = mine.at_least(threshold + 1e-6)
    assert len(kept.scores) >= len(scores) - 2  # ours are without doubles
    for score, box in zip(kept.scores, kept.boxes, strict=True):
        nearest = int((np.abs(boxes - box).max(axis=1) + np.abs(scores - score)).argmin())
        parity("owlv2", "boxes, px", box, boxes[nearest], most=1e-2)
        parity("owlv2", "scores", score, scores[nearest], most=1e-4)


def test_phrases_do_not_compete():
    photo = a_photo((90, 140))
    (alone,) = tiny_owlv2().heats(photo, ["island"])
    together = tiny_owlv2().heats(photo, ["sofa", "island"])
    assert np.abs(alone - together[1]).max() < 1e-5
    assert np.abs(together[0] - together[1]).max() > 0.01
    assert 0.05 < (alone > 0).mean() < 0.95


def test_the_photo_is_looked_at_once():
    segmenter = tiny_owlv2()
    runs = []
    segmenter.net.owlv2.vision_model.register_forward_hook(lambda *_: runs.append(1))
    photo = a_photo((90, 140))
    segmenter.heats(photo, PHRASES)
    pieces = segmenter.instances(photo, PHRASES[1:])
    assert runs == [1]
    assert pieces.shape == (1, 90, 140)
    assert pieces.max() > 1


def test_the_template_holds_the_phrase():
    photo = a_photo((90, 140))
    with_words = tiny_owlv2(template="a {}").heats(photo, ["sofa"])
    assert np.abs(with_words - tiny_owlv2().heats(photo, ["a sofa"])).max() < 1e-5
    with pytest.raises(ConfigError, match=r"segmenter.template='a photo' has no {} where the phrase goes; write"):
        Owlv2(template="a photo")


def test_words_that_cannot_be_read_are_unknown_before_the_photo_is_looked_at():
    with pytest.raises(UnknownPhrase, match=r"an empty phrase names nothing; say what to look for"):
        tiny_owlv2().heats(None, [" "])
    with pytest.raises(UnknownPhrase, match=r"is 42 tokens long, OWLv2 reads 32 \(including start and end\); say it"):
        tiny_owlv2().heats(None, ["x" * 40])


def test_missing_weights_name_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"no weights for 'owlv2-base' under .*; run 'automask models fetch"):
        Owlv2()
