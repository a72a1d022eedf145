import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from automask.errors import ConfigError, ExtraMissing, SegmenterError, UnknownPhrase, WeightsMissing
from automask.segmenters.clipseg import ClipSeg
from automask.testing import tiny_clipseg, tiny_clipseg_folder

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]


PHRASES = ["island", "the black accent wall", "cabinets"]


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(1).integers(0, 256, (90, 140, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def plain():
    """transformers' own class and the loop of the tutorials: a whole forward for each phrase."""
    from transformers import CLIPSegForImageSegmentation, CLIPSegProcessor

    folder = tiny_clipseg_folder()
    return CLIPSegForImageSegmentation.from_pretrained(folder).eval(), CLIPSegProcessor.from_pretrained(folder)


def plain_heat(plain, photo, phrase, *, mirrored=False):
    import torch

    net, processor = plain
    inputs = processor(text=[phrase], images=[Image.fromarray(photo)], return_tensors="pt")
    if mirrored:
        inputs["pixel_values"] = inputs["pixel_values"].flip(-1)
    with torch.no_grad():
        small = net(**inputs).logits.reshape(64, 64).sigmoid().numpy()
    small = np.ascontiguousarray(small[:, ::-1]) if mirrored else small
    return cv2.resize(small, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_LINEAR)


@pytest.mark.parametrize("phrases", [PHRASES[:1], PHRASES, PHRASES * 3], ids=["one", "three", "nine"])
def test_heat_equals_the_plain_forward_phrase_by_phrase(photo, plain, phrases, parity):
    segmenter = ClipSeg(model=str(tiny_clipseg_folder()), device="cpu", phrases_at_once=4)
    heats = segmenter.heats(photo, phrases)
    assert heats.shape == (len(phrases), 90, 140)
    assert heats.dtype == np.float32
    expected = np.stack([plain_heat(plain, photo, phrase) for phrase in phrases])
    parity("clipseg", "heat", heats, expected, most=1e-4)
    assert expected.std() > 0.1  # else anything would be near


def test_the_tiny_phrases_differ(photo, plain):
    heats = tiny_clipseg().heats(photo, PHRASES)
    assert np.abs(heats[0] - heats[1]).max() > 0.01
    assert np.abs(heats[0] - heats[2]).max() > 0.01


@pytest.mark.parametrize("flip", [False, True])
def test_the_vision_tower_runs_once_for_any_number_of_phrases(photo, flip):
    segmenter = ClipSeg(model=str(tiny_clipseg_folder()), device="cpu", flip=flip, phrases_at_once=2)
    runs = []
    hook = segmenter.net.clip.vision_model.register_forward_hook(lambda *_: runs.append(1))
    segmenter.heats(photo, PHRASES * 2)
    hook.remove()
    assert len(runs) == 1


def test_flip_is_the_mean_with_the_mirrored_photo(photo, plain):
    heats = tiny_clipseg(flip=True).heats(photo, PHRASES)
    for heat, phrase in zip(heats, PHRASES, strict=True):
        both = (plain_heat(plain, photo, phrase) + plain_heat(plain, photo, phrase, mirrored=True)) / 2
        assert np.abs(heat - both).max() < 1e-4
    assert np.abs(heats - tiny_clipseg().heats(photo, PHRASES)).max() > 0.01


def test_templates_are_averaged(photo, plain):
    heats = tiny_clipseg(templates=["a photo of {}", "{} in a room"]).heats(photo, PHRASES[:2])
    for heat, phrase in zip(heats, PHRASES[:2], strict=True):
        sentences = (f"a photo of {phrase}", f"{phrase} in a room")
        expected = sum(plain_heat(plain, photo, sentence) for sentence in sentences) / 2
        assert np.abs(heat - expected).max() < 1e-4


def test_heat_is_never_stretched_to_its_own_range(photo):
    import torch

    segmenter = tiny_clipseg()
    with torch.no_grad():
        segmenter.net.decoder.transposed_convolution[-1].bias.sub_(50)
    assert segmenter.heats(photo, ["island"]).max() < 0.01


def test_a_read_only_photo_larger_than_the_net_is_taken(plain):
    photo = np.random.default_rng(2).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    photo.flags.writeable = False
    heats = tiny_clipseg().heats(photo, ["sofa"])
    assert heats.shape == (1, 300, 200)
    assert np.abs(heats[0] - plain_heat(plain, photo, "sofa")).max() < 1e-4


def test_a_photo_three_pixels_high_is_not_taken_for_channels_first(plain):
    photo = np.random.default_rng(3).integers(0, 256, (3, 40, 3), dtype=np.uint8)
    assert np.abs(tiny_clipseg().heats(photo, ["wall"])[0] - plain_heat(plain, photo, "wall")).max() < 1e-4


def test_half_precision_stays_near(photo):
    segmenter = ClipSeg(model=str(tiny_clipseg_folder()), device="cpu", dtype="bfloat16")
    assert segmenter.device_note == "clipseg runs on the CPU in bfloat16"
    heats = segmenter.heats(photo, PHRASES)
    assert heats.dtype == np.float32
    assert np.abs(heats - tiny_clipseg().heats(photo, PHRASES)).max() < 0.15


def test_no_global_random_state_is_touched(photo):
    import torch

    before = torch.get_rng_state()
    tiny_clipseg(flip=True).heats(photo, PHRASES)
    assert torch.equal(before, torch.get_rng_state())


def test_an_empty_phrase_is_unknown_before_the_photo_is_looked_at():
    with pytest.raises(UnknownPhrase, match=r"an empty phrase names nothing; say what to look for"):
        tiny_clipseg().heats(None, ["island", " "])


def test_a_phrase_longer_than_clip_reads_is_unknown_before_the_photo_is_looked_at():
    with pytest.raises(UnknownPhrase, match=r"'x{80}' is 82 tokens long, CLIP reads 77 .*; say it in fewer words"):
        tiny_clipseg().heats(None, ["island", "x" * 80])


def test_a_template_without_a_place_for_the_phrase_is_refused():
    with pytest.raises(ConfigError, match=r"segmenter.templates=\['{}', 'a photo'\]: every template needs a {}"):
        ClipSeg(templates=["{}", "a photo"])
    with pytest.raises(ConfigError, match=r"segmenter.templates=\[\]"):
        ClipSeg(templates=[])


def test_no_phrases_at_once_is_refused():
    with pytest.raises(ConfigError, match=r"segmenter.phrases_at_once=0; give 1 or more"):
        ClipSeg(phrases_at_once=0)


def test_missing_weights_name_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        WeightsMissing, match=r"no weights for 'clipseg-rd64-refined' under .*; run 'automask models fetch"
    ):
        ClipSeg()


def test_weights_that_lack_a_tensor_are_refused_not_filled_with_chance(tmp_path):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "copy"
    shutil.copytree(tiny_clipseg_folder(), folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["decoder.film_mul.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        SegmenterError, match=r"lack 1 of CLIPSeg's tensors \(decoder.film_mul.weight, \.\.\.\); point model"
    ):
        ClipSeg(model=str(folder), device="cpu")


def test_without_transformers_one_sentence_names_the_command(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(
        ExtraMissing, match=r"ClipSeg needs the packages of the 'models' extra: .*transformers.*; run pip"
    ):
        ClipSeg()


def test_loading_says_nothing(capfd):
    tiny_clipseg()
    assert capfd.readouterr() == ("", "")
