import numpy as np
import pytest

from automask.errors import ConfigError, ExtraMissing, RefinerError, WeightsMissing
from automask.refiners.proposals import choose
from automask.refiners.sam import Sam, build_sam, load_sam
from automask.testing import tiny_sam, tiny_sam_file
from automask.types import Box

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("one_thread")]


# Longer than the tiny encoder's 128 px, shorter, and upright.
SIZES = {"large": (200, 300), "small": (60, 90), "upright": (301, 150)}


def a_photo(size_hw):
    return np.random.default_rng(4).integers(0, 256, (*size_hw, 3), dtype=np.uint8)


def boxes_in(size_hw):
    height, width = size_hw
    half = (width // 2, height // 2)
    return [Box(0, 0, *half), Box(half[0] // 2, half[1] // 2, width, height), Box(3, 5, width - 7, height // 3)]


@pytest.fixture(params=SIZES.values(), ids=SIZES.keys())
def size_hw(request):
    return request.param


def predicted(net, photo, boxes):
    """SamPredictor, box by box: (logits at photo size, low logits, scores)."""
    from segment_anything import SamPredictor

    predictor = SamPredictor(net)
    predictor.set_image(photo)
    return [
        predictor.predict(box=np.array([box.x0, box.y0, box.x1, box.y1]), multimask_output=True, return_logits=True)
        for box in boxes
    ]


def test_logits_equal_those_of_sam_predictor_box_by_box(size_hw, parity):
    refiner, photo, boxes = tiny_sam(), a_photo(size_hw), boxes_in(size_hw)
    logits, scores = refiner.decode(refiner.embed(photo), boxes)
    for mine, score, (_, own_scores, low) in zip(logits, scores, predicted(refiner.net, photo, boxes), strict=True):
        parity("sam", "logits", mine.numpy(), low, most=1e-4)
        parity("sam", "scores", score.numpy(), own_scores, most=1e-4)
        assert low.std() > 1e-3  # else anything would be near


def test_masks_equal_those_of_sam_predictor_where_its_logits_are_clear(size_hw):
    refiner, photo, boxes = tiny_sam(), a_photo(size_hw), boxes_in(size_hw)
    embedded = refiner.embed(photo)
    logits, _ = refiner.decode(embedded, boxes)
    compared = 0
    for mine, (large, _, _) in zip(logits, predicted(refiner.net, photo, boxes), strict=True):
        for low, own in zip(mine, large, strict=True):
            mask = refiner.upsample(low, embedded)
            assert mask.shape == size_hw
            clear = np.abs(own) > 1e-4
            assert np.array_equal(mask[clear], own[clear] > 0)
            compared += int(mask.any() and not mask.all())
    assert compared  # masks that are all or nothing compare little


def test_a_phrase_gets_the_union_over_its_boxes_of_one_of_sams_masks_each(size_hw):
    refiner, photo, boxes = tiny_sam(), a_photo(size_hw), boxes_in(size_hw)
    heats = np.zeros((2, *size_hw), np.float32)
    for box in boxes:
        heats[0][box.slices] = 0.7
    masks = refiner.refine(photo, heats, (tuple(boxes), (boxes[1],)))
    assert masks.dtype == np.bool_
    large = [logits > 0 for logits, _, _ in predicted(refiner.net, photo, boxes)]
    unions = [large[0][a] | large[1][b] | large[2][c] for a in range(3) for b in range(3) for c in range(3)]
    assert any((masks[0] != union).mean() < 1e-3 for union in unions)
    assert any((masks[1] != single).mean() < 1e-3 for single in large[1])


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_heat_that_is_one_of_sams_masks_gets_that_mask(size_hw, wanted):
    refiner, photo = tiny_sam(), a_photo(size_hw)
    box = Box(2, 3, size_hw[1] - 4, size_hw[0] - 5)
    ((logits, _, _),) = predicted(refiner.net, photo, [box])
    found = refiner.refine(photo, (logits[wanted] > 0).astype(np.float32)[None], ((box,),))[0]
    others = [(logits[which] > 0) for which in range(3)]
    assert np.argmin([(found != other).mean() for other in others]) == wanted
    assert (found != others[wanted]).mean() < 1e-3


def test_the_photo_is_embedded_once_and_boxes_are_decoded_in_bounded_batches():
    refiner = tiny_sam(max_boxes_at_once=4)
    looks, batches = [], []
    refiner.net.image_encoder.register_forward_hook(lambda *_: looks.append(1))
    refiner.net.mask_decoder.register_forward_hook(lambda *all_: batches.append(len(all_[-1][0])))
    boxes = boxes_in((60, 90))
    refiner.refine(a_photo((60, 90)), np.ones((3, 60, 90), np.float32), (tuple(boxes), tuple(boxes), tuple(boxes)))
    assert looks == [1]
    assert batches == [4, 4, 1]


def test_the_size_of_a_batch_changes_nothing():
    photo, heats = a_photo((60, 90)), np.random.default_rng(5).random((2, 60, 90), dtype=np.float32)
    boxes = (tuple(boxes_in((60, 90))), tuple(boxes_in((60, 90))[:2]))
    one, many = (tiny_sam(max_boxes_at_once=count).refine(photo, heats, boxes) for count in (1, 16))
    assert (one != many).mean() < 1e-3


def test_masks_come_to_photo_size_one_at_a_time():
    refiner = tiny_sam()
    sizes = []
    original = refiner.net.postprocess_masks
    refiner.net.postprocess_masks = lambda masks, *sizes_: sizes.append(len(masks)) or original(masks, *sizes_)
    boxes = tuple(boxes_in((60, 90)))
    refiner.refine(a_photo((60, 90)), np.ones((1, 60, 90), np.float32), (boxes,))
    assert sizes == [1, 1, 1]


def test_a_phrase_without_boxes_is_empty_and_no_box_at_all_costs_nothing():
    refiner = tiny_sam()
    photo, heats = a_photo((60, 90)), np.ones((2, 60, 90), np.float32)
    assert not refiner.refine(photo, heats, ((Box(5, 5, 50, 50),), ()))[1].any()
    refiner.net.image_encoder.register_forward_hook(lambda *_: pytest.fail("the photo was embedded for nothing"))
    assert not refiner.refine(photo, heats, ((), ())).any()


def drawn(*rows):
    return np.array([[1.0 if char == "#" else -1.0 for char in row] for row in rows], np.float32)


WHOLE = drawn("######..", "######..", "######..", "........")
PART = drawn("..##....", "..##....", "........", "........")
MIDDLE = drawn(".####...", ".####...", "........", "........")
HEAT = np.where(MIDDLE > 0, 0.6, 0.1).astype(np.float32)
FULL = Box(0, 0, 8, 4)


def test_the_mask_that_agrees_with_the_heat_is_taken_not_the_one_with_the_best_score():
    logits = np.stack([WHOLE, PART, MIDDLE])
    assert choose(logits, np.array([0.9, 0.8, 0.1], np.float32), HEAT, FULL) == 2
    assert choose(logits[::-1], np.array([0.1, 0.8, 0.9], np.float32), HEAT, FULL) == 0


def test_where_nothing_is_hot_sams_score_decides():
    logits = np.stack([WHOLE, PART, MIDDLE])
    assert choose(logits, np.array([0.3, 0.9, 0.5], np.float32), np.zeros_like(HEAT), FULL) == 1


def test_a_mask_that_leaks_out_of_the_box_counts_against_it():
    inside = drawn("###.....", "###.....", "........", "........")
    leaking = drawn("####...#", "####...#", "....####", "....####")
    heat = np.full((4, 8), 0.9, np.float32)
    none = np.full((4, 8), -1.0, np.float32)
    assert choose(np.stack([leaking, inside, none]), np.array([0.9, 0.1, 0.9], np.float32), heat, Box(0, 0, 4, 2)) == 1


def test_padding_beyond_the_heat_is_not_looked_at():
    padded = np.full((3, 8, 8), 1.0, np.float32)
    padded[:, :4] = [WHOLE, PART, MIDDLE]
    padded[2, 4:] = 5.0
    padded[:2, 4:] = -5.0
    assert choose(padded, np.zeros(3, np.float32), HEAT, FULL) == 2


@pytest.mark.parametrize("name", ["vit_b", "vit_l", "vit_h"])
def test_the_sizes_read_from_a_checkpoint_are_those_of_the_packages_builders(name):
    import torch
    from segment_anything import sam_model_registry

    with torch.device("meta"):  # laid out, not allocated
        own = sam_model_registry[name]()
        mine = build_sam(own.state_dict())
    assert str(mine) == str(own)
    sizes = [{key: tensor.shape for key, tensor in net.state_dict().items()} for net in (mine, own)]
    assert sizes[0] == sizes[1]
    for ours, theirs in zip(mine.image_encoder.blocks, own.image_encoder.blocks, strict=True):
        assert (ours.window_size, ours.attn.num_heads) == (theirs.window_size, theirs.attn.num_heads)
    assert mine.image_encoder.img_size == 1024
    assert mine.prompt_encoder.mask_input_size == own.prompt_encoder.mask_input_size
    assert mine.mask_decoder.transformer.num_heads == own.mask_decoder.transformer.num_heads


def test_what_is_not_in_the_file_is_as_the_package_sets_it():
    import torch
    from segment_anything import modeling

    net = load_sam(tiny_sam_file())
    own = modeling.Sam(torch.nn.Identity(), torch.nn.Identity(), torch.nn.Identity())
    assert torch.equal(net.pixel_mean, own.pixel_mean)
    assert torch.equal(net.pixel_std, own.pixel_std)


def test_no_global_random_state_is_touched():
    import torch

    before = torch.get_rng_state()
    tiny_sam().refine(a_photo((60, 90)), np.ones((1, 60, 90), np.float32), ((Box(5, 5, 50, 50),),))
    assert torch.equal(before, torch.get_rng_state())


def test_half_precision_is_for_the_encoder_only():
    refiner = Sam(model=str(tiny_sam_file()), device="cpu", dtype="bfloat16")
    assert refiner.device_note == "sam runs on the CPU in bfloat16"
    photo, boxes = a_photo((60, 90)), boxes_in((60, 90))
    logits, _ = refiner.decode(refiner.embed(photo), boxes)
    exact = tiny_sam()
    assert (logits - exact.decode(exact.embed(photo), boxes)[0]).abs().max() < 0.2


def test_missing_weights_name_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOMASK_CACHE", str(tmp_path))
    with pytest.raises(
        WeightsMissing, match=r"no weights for 'vit_b' under .*sam_vit_b_01ec64.pth; run 'automask models"
    ):
        Sam()


class Harmless:
    """Stands for code that a pickle would run."""


def test_a_file_that_would_run_code_is_refused(tmp_path):
    import torch

    torch.save({"image_encoder.pos_embed": Harmless()}, tmp_path / "sam.pth")
    with pytest.raises(RefinerError, match=r"sam.pth cannot be loaded as plain weights: .*; point model at a Segment"):
        Sam(model=str(tmp_path / "sam.pth"))


def test_a_file_of_another_net_is_refused(tmp_path):
    import torch

    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "net.pth")
    with pytest.raises(
        RefinerError, match=r"is not a Segment Anything checkpoint: it has no image_encoder.pos_embed; point"
    ):
        Sam(model=str(tmp_path / "net.pth"))


def test_a_file_that_lacks_a_tensor_is_refused(tmp_path):
    import torch

    state = torch.load(tiny_sam_file(), weights_only=True)
    del state["mask_decoder.iou_token.weight"]
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(RefinerError, match=r"is not a Segment Anything checkpoint: .*mask_decoder.iou_token.weight"):
        Sam(model=str(tmp_path / "net.pth"))


def test_no_boxes_at_once_is_refused():
    with pytest.raises(ConfigError, match=r"refiner.max_boxes_at_once=0; give 1 or more"):
        Sam(max_boxes_at_once=0)


def test_without_segment_anything_one_sentence_names_the_command(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "segment_anything", None)
    monkeypatch.setitem(__import__("sys").modules, "segment_anything.utils", None)
    with pytest.raises(
        ExtraMissing, match=r"Sam needs the packages of the 'models' extra: .*segment_anything.*; run pip"
    ):
        Sam()
