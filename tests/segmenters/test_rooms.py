import json
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from automask.errors import ConfigError, ExtraMissing, SegmenterError, UnknownPhrase, WeightsMissing
from automask.segmenters.rooms import Rooms
from automask.testing import tiny_rooms, tiny_rooms_folder

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

KINDS = ["segformer", "mask2former", "oneformer", "eomt"]
BY_MASKS = KINDS[1:]


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(1).integers(0, 256, (90, 140, 3), dtype=np.uint8)


def plain(kind, photo):
    """What transformers' own classes answer, and the processor that knows how to read it."""
    import torch
    import transformers

    names = {
        "segformer": "SegformerForSemanticSegmentation",
        "mask2former": "Mask2FormerForUniversalSegmentation",
        "oneformer": "OneFormerForUniversalSegmentation",
        "eomt": "EomtForUniversalSegmentation",
    }
    folder = tiny_rooms_folder(kind)
    net = getattr(transformers, names[kind]).from_pretrained(folder).eval()
    given = {}
    if kind == "oneformer":
        processor = transformers.OneFormerImageProcessor.from_pretrained(folder, class_info_file=None)
        tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
        words = tokenizer(["the task is semantic"], padding="max_length", max_length=77, return_tensors="pt")
        given = {"task_inputs": words["input_ids"] * words["attention_mask"]}
        images = processor(Image.fromarray(photo), ["semantic"], return_tensors="pt")
        given |= {"pixel_values": images["pixel_values"], "pixel_mask": images["pixel_mask"]}
    else:
        processor = transformers.AutoImageProcessor.from_pretrained(folder)
        given = dict(processor(Image.fromarray(photo), return_tensors="pt"))
    with torch.no_grad():
        return net(**given), processor, given["pixel_values"].shape[-2:]


def summed(made, seen_hw):
    """The class map of the paper, all queries at once: [masks or views, labels, h, w]."""
    import torch

    masks = torch.nn.functional.interpolate(
        made.masks_queries_logits, size=seen_hw, mode="bilinear", align_corners=False
    )
    shares = made.class_queries_logits.softmax(-1)[..., :-1]
    return torch.einsum("bqc,bqhw->bchw", shares, masks.sigmoid())


def test_heat_of_a_net_by_pixels_is_its_softmax(photo, parity):
    made, _, _ = plain("segformer", photo)
    expected = made.logits.softmax(1)[0].numpy()
    found = tiny_rooms(kind="segformer").label_heats(photo)
    parity("rooms: SegFormer", "heat", found, expected, most=1e-5)
    assert expected.max(axis=0).std() > 0.05  # else anything would be near
    assert len(np.unique(expected.argmax(axis=0))) > 3


@pytest.mark.parametrize("kind", ["mask2former", "oneformer"])
def test_heat_of_a_net_by_masks_is_the_sum_over_them(photo, kind, parity):
    made, _, seen_hw = plain(kind, photo)
    expected = summed(made, seen_hw)[0].numpy()
    found = tiny_rooms(kind=kind).label_heats(photo)
    parity(f"rooms: {'Mask2Former' if kind == 'mask2former' else 'OneFormer'}", "heat", found, expected, most=1e-4)
    assert expected.std() > 0.05


@pytest.mark.parametrize("kind", BY_MASKS)
@pytest.mark.parametrize("size_hw", [(90, 140), (150, 70), (64, 64)], ids=["wide", "tall", "square"])
def test_heats_lie_where_the_library_s_own_maps_do(kind, size_hw):
    photo = np.random.default_rng(2).integers(0, 256, (*size_hw, 3), dtype=np.uint8)
    made, processor, _ = plain(kind, photo)
    (own,) = processor.post_process_semantic_segmentation(made, target_sizes=[size_hw], return_segmentation_scores=True)
    expected = own.segmentation_scores.numpy()
    found = tiny_rooms(kind=kind).label_heats(photo)
    strongest = np.argsort(expected.reshape(len(expected), -1).mean(axis=1))[-3:]
    assert expected[strongest].std() > 0.05
    for label in strongest:
        enlarged = cv2.resize(found[label], size_hw[::-1], interpolation=cv2.INTER_LINEAR)
        # Mask2Former's goes by way of 384 x 384, and enlarges twice: equal to a few hundredths.
        assert np.abs(enlarged - expected[label]).mean() < 0.02
        assert np.corrcoef(enlarged.ravel(), expected[label].ravel())[0, 1] > 0.98


def test_a_photo_seen_in_parts_is_stitched_as_the_library_does(photo, parity):
    made, processor, _ = plain("eomt", photo)
    assert len(made.patch_offsets) == 2  # else nothing was stitched
    (own,) = processor.post_process_semantic_segmentation(
        made, target_sizes=[photo.shape[:2]], return_segmentation_scores=True
    )
    found = tiny_rooms(kind="eomt").label_heats(photo)
    strongest = int(own.segmentation_scores.mean(dim=(1, 2)).argmax())
    enlarged = cv2.resize(found[strongest], photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    expected = own.segmentation_scores[strongest].numpy()
    parity("rooms: EoMT", "heat of the strongest label", enlarged, expected, most=1e-3)


def test_a_phrase_has_the_heat_of_its_labels_and_the_others_that_of_the_rest(photo):
    rooms = tiny_rooms()
    survey = rooms.survey(photo, ["pictures", "walls"])
    small = rooms.label_heats(photo)
    at = rooms.labels.names.index
    wanted = [small[at("painting")] + small[at("poster")], small[at("wall")]]
    for heat, one in zip(survey.heats, wanted, strict=True):
        assert np.abs(heat - cv2.resize(one, (140, 90), interpolation=cv2.INTER_LINEAR)).max() < 1e-5
    assert survey.heats.dtype == np.float32
    assert survey.others.max() <= 1
    assert (survey.others + survey.heats.sum(axis=0)).max() <= 1 + 1e-5
    assert survey.others.mean() > 0.3  # most labels are things, and most of the heat is theirs
    assert tiny_rooms(keep_odds=0).survey(photo, ["walls"]).others is None


def test_heat_of_masks_that_overlap_stays_a_probability(photo):
    rooms = tiny_rooms(kind="oneformer")
    assert rooms.label_heats(photo).max() > 1
    strongest = rooms.labels.names[int(rooms.label_heats(photo).max(axis=(1, 2)).argmax())]
    assert rooms.heats(photo, [strongest]).max() == 1


def test_flip_is_the_mean_with_the_mirrored_photo(photo):
    rooms = tiny_rooms()
    both = (rooms.label_heats(photo) + rooms.label_heats(photo[:, ::-1])[..., ::-1]) / 2
    assert np.abs(tiny_rooms(flip=True).label_heats(photo) - both).max() < 1e-5


def test_bars_have_no_heat():
    photo = np.zeros((120, 140, 3), np.uint8)
    photo[20:100] = np.random.default_rng(3).integers(0, 256, (80, 140, 3), dtype=np.uint8)
    survey = tiny_rooms().survey(photo, ["wall"])
    for heat in (survey.heats[0], survey.others):
        assert heat[20:100].max() > 0
        assert heat[:20].max() == heat[100:].max() == 0


def test_words_are_read_by_the_starter_s_vocabulary():
    rooms = tiny_rooms()
    assert rooms.understand(["couches", "the old cabnets", "flag"]) == ("sofa", "cabinets", "flag")
    assert rooms.phrase_for("couches") == "sofa"
    assert rooms.phrase_for("yacht") is None
    assert rooms.parts(["chairs", "armchair", "wall"]) == ((1,), (), ())
    assert rooms.understand(["carpet", "floor"]) == ("rug", "floor")


def test_a_word_without_a_label_is_unknown_before_the_photo_is_looked_at():
    with pytest.raises(UnknownPhrase, match=r"ADE20K have no 'base cabinets'; nearest: cabinets"):
        tiny_rooms().heats(None, ["base cabinets"])


def test_oneformer_fetches_nothing_from_the_hub(photo):
    settings = json.loads((tiny_rooms_folder("oneformer") / "preprocessor_config.json").read_text(encoding="utf-8"))
    assert settings["class_info_file"]  # which its own processor would fetch
    assert tiny_rooms(kind="oneformer").label_heats(photo).shape[0] == 150


def test_half_precision_stays_near(photo):
    rooms = Rooms(model=str(tiny_rooms_folder("segformer")), device="cpu", dtype="bfloat16")
    assert rooms.device_note == "segformer runs on the CPU in bfloat16"
    assert np.abs(rooms.label_heats(photo) - tiny_rooms().label_heats(photo)).mean() < 0.01


def changed_copy(folder, kind, **changes):
    copy = folder / "copy"
    shutil.copytree(tiny_rooms_folder(kind), copy)
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, **changes}), encoding="utf-8")
    return str(copy)


def test_a_net_with_other_labels_is_refused(tmp_path):
    names = {str(index): f"thing {index}" for index in range(150)}
    with pytest.raises(SegmenterError, match=r"150 labels that are not ADE20K's \(thing 0, thing 1, thing 2, \.\.\.\)"):
        Rooms(model=changed_copy(tmp_path, "segformer", id2label=names), device="cpu")


def test_a_net_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"is a clipseg, which is no semantic net .*; use a checkpoint of segformer"):
        Rooms(model=changed_copy(tmp_path, "segformer", model_type="clipseg"), device="cpu")
    with pytest.raises(ConfigError, match=r"has no config.json that names a model_type; point model at the folder"):
        Rooms(model=str(tmp_path), device="cpu")


def test_weights_that_lack_a_tensor_are_refused_not_filled_with_chance(tmp_path):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "copy"
    shutil.copytree(tiny_rooms_folder("segformer"), folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["decode_head.classifier.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(SegmenterError, match=r"lack 1 of segformer's tensors \(decode_head.classifier.weight"):
        Rooms(model=str(folder), device="cpu")
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsMissing, match=r"are not complete: .*; fetch them again; only safetensors are read"):
        Rooms(model=str(folder), device="cpu")


def test_a_folder_without_its_processor_is_refused(tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(tiny_rooms_folder("segformer"), folder)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(WeightsMissing, match=r"lacks the files of its AutoImageProcessor; fetch the weights again"):
        Rooms(model=str(folder), device="cpu")


def test_without_scipy_one_sentence_names_the_command(monkeypatch):
    import transformers.utils.import_utils

    monkeypatch.setattr(transformers.utils.import_utils, "_scipy_available", False, raising=False)
    monkeypatch.setitem(
        transformers.utils.import_utils.BACKENDS_MAPPING, "scipy", (lambda: False, "{0} requires the scipy library")
    )
    with pytest.raises(ExtraMissing, match=r"eomt needs scipy: .*; run pip install 'automask\[models\]'"):
        tiny_rooms(kind="eomt")


def test_keep_odds_out_of_range_are_refused():
    with pytest.raises(ConfigError, match=r"segmenter.keep_odds is -1; give 0"):
        Rooms(keep_odds=-1)


def test_no_global_random_state_is_touched(photo):
    import torch

    before = torch.get_rng_state()
    tiny_rooms(kind="eomt").heats(photo, ["wall"])
    assert torch.equal(before, torch.get_rng_state())
