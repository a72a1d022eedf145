"""SAM 2 and SAM-HQ: two adapters with the same laws, each held against a direct call of its own class."""

import shutil

import numpy as np
import pytest
from PIL import Image

from automask.errors import ConfigError, RefinerError, WeightsMissing
from automask.refiners.proposals import hottest_point
from automask.refiners.sam2 import Sam2
from automask.refiners.sam_hq import SamHq
from automask.testing import tiny_sam2, tiny_sam2_folder, tiny_sam_hq, tiny_sam_hq_folder
from automask.types import Box

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]

# Longer than the tiny encoder's 128 px, and upright.
SIZES = {"large": (200, 300), "upright": (151, 75)}
MAKERS = {"sam2": tiny_sam2, "sam-hq": tiny_sam_hq}


def a_photo(size_hw):
    return np.random.default_rng(4).integers(0, 256, (*size_hw, 3), dtype=np.uint8)


def boxes_in(size_hw):
    height, width = size_hw
    half = (width // 2, height // 2)
    return [Box(0, 0, *half), Box(half[0] // 2, half[1] // 2, width, height), Box(3, 5, width - 7, height // 3)]


@pytest.fixture(params=SIZES.values(), ids=SIZES.keys())
def size_hw(request):
    return request.param


@pytest.fixture(params=MAKERS)
def kind(request):
    return request.param


def plain(kind, photo, boxes, points=None):
    """What the library's processor and net answer in one call: logits, scores, masks at photo size."""
    import torch
    import transformers

    hq = kind == "sam-hq"
    folder = tiny_sam_hq_folder() if hq else tiny_sam2_folder()
    processor = (transformers.SamHQProcessor if hq else transformers.Sam2Processor).from_pretrained(folder)
    net = (transformers.SamHQModel if hq else transformers.Sam2Model).from_pretrained(folder).eval()
    corners = [[[float(box.x0), float(box.y0), float(box.x1), float(box.y1)] for box in boxes]]
    prompts = {} if points is None else {"input_points": [[[list(point)] for point in points]]}
    prompts |= {} if points is None else {"input_labels": [[[1] for _ in points]]}
    given = processor(images=Image.fromarray(photo), input_boxes=corners, return_tensors="pt", **prompts)
    names = ("pixel_values", "input_boxes", "input_points", "input_labels")
    with torch.no_grad():
        made = net(**{name: _float32(given[name]) for name in names if name in given}, multimask_output=True)
    sizes = (given["original_sizes"], given["reshaped_input_sizes"]) if hq else (given["original_sizes"],)
    masks = processor.post_process_masks(made.pred_masks, *sizes, binarize=False)[0]
    return made.pred_masks[0].numpy(), made.iou_scores[0].numpy(), masks.numpy()


def _float32(tensor):
    return tensor.float() if tensor.is_floating_point() else tensor


def test_logits_and_scores_equal_a_direct_call(kind, size_hw, parity):
    photo, boxes = a_photo(size_hw), boxes_in(size_hw)
    logits, scores = MAKERS[kind]().embed(photo).decode(boxes, [(0, 0)] * 3)
    own_logits, own_scores, _ = plain(kind, photo, boxes)
    # Boxes are not rounded to pixels of the net, which the processor of SAM-HQ does not do either.
    parity(kind, "logits", logits.numpy(), own_logits, most=1e-3)
    parity(kind, "scores", scores.numpy(), own_scores, most=1e-3)
    assert own_logits.std() > 0.1  # else anything would be near
    assert np.abs(own_logits[0] - own_logits[1]).max() > 0.1


def test_masks_at_photo_size_equal_the_library_s_own_where_its_logits_are_clear(kind, size_hw):
    photo, boxes = a_photo(size_hw), boxes_in(size_hw)
    asked = MAKERS[kind]().embed(photo)
    logits, _ = asked.decode(boxes, [(0, 0)] * 3)
    _, _, large = plain(kind, photo, boxes)
    compared = 0
    for three, own_three in zip(logits, large, strict=True):
        for low, own in zip(three, own_three, strict=True):
            mask = asked.upsample(low)
            assert mask.shape == size_hw
            clear = np.abs(own) > 2e-3
            assert np.array_equal(mask[clear], own[clear] > 0)
            compared += int(0.1 < mask.mean() < 0.9)
    assert compared > 1  # masks that are nearly all or nothing compare little


def test_points_from_heat_equal_a_direct_call_with_them(kind, parity):
    photo, boxes = a_photo((200, 300)), boxes_in((200, 300))
    points = [(20.0, 30.0), (200.0, 150.0), (40.0, 50.0)]
    with_points, _ = MAKERS[kind](points=True).embed(photo).decode(boxes, points)
    own, _, _ = plain(kind, photo, boxes, points)
    parity(kind, "logits, with points", with_points.numpy(), own, most=1e-3)
    without, _ = MAKERS[kind]().embed(photo).decode(boxes, points)
    assert np.abs(with_points.numpy() - without.numpy()).max() > 0.01


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_heat_that_is_one_of_the_masks_gets_that_mask(kind, size_hw, wanted):
    photo = a_photo(size_hw)
    box = Box(0, 0, size_hw[1], size_hw[0])
    _, _, large = plain(kind, photo, [box])
    found = MAKERS[kind]().refine(photo, (large[0, wanted] > 0).astype(np.float32)[None], ((box,),))[0]
    differing = [(found != (large[0, which] > 0)).mean() for which in range(3)]
    assert np.argmin(differing) == wanted
    assert differing[wanted] < 2e-3


def test_the_photo_is_embedded_once_and_boxes_are_decoded_in_bounded_batches(kind):
    refiner = MAKERS[kind](max_boxes_at_once=4)
    looks, batches = [], []
    refiner.net.vision_encoder.register_forward_hook(lambda *_: looks.append(1))
    refiner.net.mask_decoder.register_forward_hook(lambda *all_: batches.append(all_[-1][0].shape[1]))
    boxes = tuple(boxes_in((60, 90)))
    masks = refiner.refine(a_photo((60, 90)), np.ones((3, 60, 90), np.float32), (boxes, boxes, boxes))
    assert looks == [1]
    assert batches == [4, 4, 1]
    assert masks.dtype == np.bool_
    assert np.array_equal(masks[0], masks[1])


def test_a_phrase_without_boxes_is_empty_and_no_box_at_all_costs_nothing(kind):
    refiner = MAKERS[kind]()
    photo, heats = a_photo((60, 90)), np.ones((2, 60, 90), np.float32)
    assert not refiner.refine(photo, heats, ((Box(5, 5, 50, 50),), ()))[1].any()
    refiner.net.vision_encoder.register_forward_hook(lambda *_: pytest.fail("the photo was embedded for nothing"))
    assert not refiner.refine(photo, heats, ((), ())).any()


def test_half_precision_stays_near():
    for refiner, exact, name in (
        (Sam2(model=str(tiny_sam2_folder()), device="cpu", dtype="bfloat16"), tiny_sam2(), "sam2"),
        (SamHq(model=str(tiny_sam_hq_folder()), device="cpu", dtype="bfloat16"), tiny_sam_hq(), "sam-hq"),
    ):
        assert refiner.device_note == f"{name} runs on the CPU in bfloat16"
        photo, heats = a_photo((60, 90)), np.ones((1, 60, 90), np.float32)
        boxes = ((Box(5, 5, 80, 50),),)
        assert (refiner.refine(photo, heats, boxes) != exact.refine(photo, heats, boxes)).mean() < 0.2


def test_a_point_is_the_place_deepest_inside_what_is_hottest():
    heat = np.zeros((40, 60), np.float32)
    heat[10:30, 10:50] = 0.4
    heat[14:20, 30:44] = 0.8
    x, y = hottest_point(heat, Box(5, 5, 55, 35))
    assert heat[int(y), int(x)] == np.float32(0.8)
    assert 32 <= x < 42
    assert 15 <= y < 19
    assert hottest_point(np.zeros((9, 9), np.float32), Box(2, 2, 7, 7))[0] >= 2


def test_incomplete_or_missing_weights_are_refused(tmp_path, monkeypatch):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "copy"
    shutil.copytree(tiny_sam2_folder(), folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["mask_decoder.iou_token.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(RefinerError, match=r"lack 1 of SAM 2's tensors \(mask_decoder.iou_token.weight"):
        Sam2(model=str(folder), device="cpu")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"no weights for 'sam2.1-small' under .*; run 'automask models fetch"):
        Sam2()
    with pytest.raises(WeightsMissing, match=r"no weights for 'sam-hq-base' under .*; run 'automask models fetch"):
        SamHq()


@pytest.mark.parametrize("refiner", [Sam2, SamHq])
def test_no_boxes_at_once_is_refused(refiner):
    with pytest.raises(ConfigError, match=r"refiner.max_boxes_at_once=0; give 1 or more"):
        refiner(max_boxes_at_once=0)
