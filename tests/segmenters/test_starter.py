"""The starter segmenter: its words, its protocol, and what it must find in the sample kitchen."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from automask import load, mask
from automask.errors import ConfigError, SegmenterError, UnknownPhrase, WeightsMissing
from automask.protocols import Segmenter
from automask.refiners.threshold import Threshold
from automask.segmenters import starter as module
from automask.segmenters import vocabulary as words_module
from automask.segmenters.starter import Starter, StarterNyu

WEIGHTS = resources.files("automask.segmenters") / "weights"
SAMPLE = Path(__file__).parents[1] / "data" / "kitchen.jpg"
# The sample's labels at a quarter of its size; ids of the renderer.
LABELS = Path(__file__).parents[1] / "data" / "kitchen_labels.png"
WALL, ACCENT_WALL, FLOOR, CEILING, WINDOW = 1, 2, 3, 4, 5
BASE, UPPER, TALL, ISLAND, WORKTOP, ISLAND_TOP = 7, 8, 9, 10, 11, 12


@pytest.fixture(scope="module")
def starter():
    return Starter()


@pytest.fixture(scope="module")
def unsmoothed():
    """A starter whose heat is the net's own probability."""
    return Starter(smoothness=0)


@pytest.fixture(scope="module")
def quick():
    """A starter that sees little of a photo, for what does not depend on how well it sees."""
    return Starter(side_px=256, mirror=False)


@pytest.fixture(scope="module")
def kitchen():
    bgr = cv2.imdecode(np.frombuffer(SAMPLE.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    rgb.setflags(write=False)
    return rgb


@pytest.fixture(scope="module")
def labels():
    return cv2.imread(str(LABELS), cv2.IMREAD_UNCHANGED)


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


# ------------------------------------------------------------ the protocol


def test_it_is_a_segmenter(starter):
    assert isinstance(starter, Segmenter)


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (480, 640), (900, 20), (20, 900), (33, 31)])
def test_heats_have_the_size_of_the_photo_whatever_it_is(quick, size):
    heats = quick.heats(noise(*size), ["wall", "floor"])
    assert heats.shape == (2, *size)
    assert heats.dtype == np.float32
    assert heats.min() >= 0
    assert heats.max() <= 1


def test_the_photo_is_not_written_to(quick, kitchen):
    before = kitchen.copy()
    quick.heats(kitchen, ["wall"])
    assert np.array_equal(kitchen, before)


def test_the_same_photo_and_words_give_the_same_bytes(starter, kitchen):
    again = Starter()
    phrases = ["island", "cabinets"]
    first = starter.heats(kitchen, phrases)
    assert first.tobytes() == starter.heats(kitchen, phrases).tobytes() == again.heats(kitchen, phrases).tobytes()


def test_a_phrase_in_a_plan_with_another_only_takes_from_it(unsmoothed, kitchen):
    alone = unsmoothed.heats(kitchen, ["island"])[0]
    together = unsmoothed.heats(kitchen, ["wall", "island", "cabinets", "island"])
    assert (together[1] <= alone + 1e-6).all()
    assert np.array_equal(together[1], together[3])


def test_smoothing_keeps_what_is_found_and_makes_it_surer(starter, unsmoothed, kitchen):
    words = ["island", "cabinets", "wall", "floor"]
    for raw, heat in zip(unsmoothed.heats(kitchen, words), starter.heats(kitchen, words), strict=True):
        both, either = ((raw > 0.5) & (heat > 0.5)).sum(), ((raw > 0.5) | (heat > 0.5)).sum()
        assert both > 0.85 * either
        assert ((heat > 0.2) & (heat < 0.8)).sum() < 0.7 * ((raw > 0.2) & (raw < 0.8)).sum()


@pytest.mark.parametrize("smoothness", [-1.0, 21.0, float("nan")])
def test_a_smoothness_that_is_none_is_refused(smoothness):
    with pytest.raises(ConfigError, match=r"segmenter.smoothness is .*; give 0 \(not at all\) to 20; 3 is usual"):
        Starter(smoothness=smoothness)


def test_what_is_not_in_the_photo_takes_nothing(starter, kitchen):
    assert np.array_equal(starter.heats(kitchen, ["island", "toilet"])[0], starter.heats(kitchen, ["island"])[0])


def test_phrases_that_share_nothing_compete(starter, kitchen):
    heats = starter.heats(kitchen, ["island", "cabinets", "wall", "floor", "ceiling", "window"])
    assert heats.sum(0).max() <= 1 + 1e-5


def test_a_mirrored_photo_has_mirrored_heat(starter, unsmoothed, kitchen):
    turned = np.ascontiguousarray(kitchen[:, ::-1])
    apart = np.abs(unsmoothed.heats(kitchen, ["island"])[0] - unsmoothed.heats(turned, ["island"])[0][:, ::-1])
    assert apart.max() < 0.02
    one, other = (heats[0] > 0.5 for heats in (starter.heats(kitchen, ["island"]), starter.heats(turned, ["island"])))
    # Smoothing makes much of little where two labels are even.
    assert (one & other[:, ::-1]).sum() > 0.97 * (one | other[:, ::-1]).sum()


def test_no_phrases_give_no_heats(quick):
    assert quick.heats(noise(40, 60), []).shape == (0, 40, 60)


@pytest.mark.parametrize("photo", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_photo_is_refused(starter, photo):
    with pytest.raises(SegmenterError, match=r"the photo is .* of shape .*; give \[height, width, 3\] uint8"):
        starter.heats(photo, ["wall"])


def test_arguments_out_of_range_are_refused():
    for side_px in (8, 100_000):
        with pytest.raises(ConfigError, match=f"side_px is {side_px}; give 32 to 2048"):
            Starter(side_px=side_px)
    with pytest.raises(ConfigError, match="threads is 0; give at least 1"):
        Starter(threads=0)


def test_a_package_without_weights_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(words_module.resources, "files", lambda _package: tmp_path)
    with pytest.raises(WeightsMissing, match=r"the package lacks .*starter.json; install automask again"):
        Starter()


def test_the_packaged_files_are_small():
    assert (
        sum(len((WEIGHTS / name).read_bytes()) for name in ("starter.onnx", "starter.json", "words.npz")) <= 12_000_000
    )


# ------------------------------------------------------------ the words


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [  # all of them are in the sample kitchen: what is not there is scaled down by itself
        ("cabinets", ("base cabinets", "tall cabinet")),
        ("wall", ("accent wall",)),
        ("countertop", ("island countertop",)),
        ("island", ("island body", "island countertop")),
    ],
)
def test_a_wide_phrase_covers_its_parts(starter, kitchen, wide, narrow):
    heats = starter.heats(cv2.resize(kitchen, (384, 256)), [wide, *narrow])
    assert (heats[0] >= heats[1:].max(0) - 1e-5).all()


def test_every_leaf_is_known_and_used_at_least_once():
    content = json.loads((WEIGHTS / "starter.json").read_bytes())
    used = {leaf for entry in content["phrases"].values() for leaf in entry["leaves"]}
    rest = {"other structure", "other furniture", "other object"}
    assert used | rest == set(content["leaves"])


@pytest.mark.parametrize(
    ("targets", "parts"),
    [
        (["island", "island top"], [(1,), ()]),
        (["island", "countertop"], [(1,), ()]),
        (["countertop", "island top"], [(1,), ()]),
        (["countertop", "island body"], [(), ()]),
        (["upper cabinets", "cupboards", "pantry"], [(), (0, 2), ()]),
        (["wall", "accent wall", "floor"], [(1,), (), ()]),
        (["couch", "sofa"], [(), ()]),
        (["chair", "armchair", "table"], [(1,), (), ()]),
        (["carpet", "floor"], [(), ()]),
        (["carpet", "rug"], [(), ()]),
        (["carpet", "wall"], [(), ()]),
    ],
)
def test_parts_are_named_by_what_is_narrower_or_yielded(starter, targets, parts):
    assert list(starter.parts(targets)) == parts


def test_the_top_of_an_island_goes_to_the_edit_that_names_it(starter, kitchen, labels):
    stages = replace(load("starter"), segmenter=starter, refiner=Threshold())
    top = cv2.resize((labels == ISLAND_TOP).astype(np.uint8), kitchen.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    alone = mask(kitchen, "island", stages=stages)[0]
    for words in ("island; island top", "island; countertop", "countertop; island"):
        named = {region.target: region for region in mask(kitchen, words, stages=stages)}
        other = next(region for target, region in named.items() if target != "island")
        assert (other.hard & top).sum() > 3 * (named["island"].hard & top).sum(), words
    assert (alone.hard & top).sum() > 0.5 * top.sum()


def test_understand_answers_one_phrase_for_each_target(starter):
    assert starter.understand(["couch", "wall", "couch"]) == ("sofa", "wall", "sofa")


@pytest.mark.parametrize(
    ("targets", "read"),
    [
        (["carpet", "walls"], ("rug or floor", "wall")),
        (["carpet", "parquet"], ("rug", "floor")),
        (["area rug", "carpets"], ("rug", "floor")),
        (["rug", "floor"], ("rug", "floor")),
        (["fitted carpet"], ("floor",)),
        (["persian carpet"], ("rug",)),
    ],
)
def test_a_carpet_is_what_no_other_target_names(starter, targets, read):
    assert starter.understand(targets) == read


def test_unknown_words_are_refused_before_the_photo_is_looked_at(starter):
    with pytest.raises(UnknownPhrase, match="does not know 'dragon'"):
        starter.heats(None, ["wall", "dragon"])


# ------------------------------------------------------------ what it finds


def test_it_finds_the_things_in_the_sample_kitchen(starter, kitchen, labels):
    least = {  # what the weights reach, less 0.05
        "island": (0.75, (ISLAND, ISLAND_TOP)),
        "cabinets": (0.84, (BASE, UPPER, TALL)),
        "accent wall": (0.80, (ACCENT_WALL,)),
        "wall": (0.82, (WALL, ACCENT_WALL)),
        "floor": (0.87, (FLOOR,)),
        "ceiling": (0.92, (CEILING,)),
        "window": (0.92, (WINDOW,)),
        "countertop": (0.76, (WORKTOP, ISLAND_TOP)),
    }
    iou = {}
    for phrase, heat in zip(least, starter.heats(kitchen, list(least)), strict=True):
        hot = cv2.resize(heat, labels.shape[::-1], interpolation=cv2.INTER_AREA) >= 0.35
        truth = np.isin(labels, least[phrase][1])
        iou[phrase] = float((hot & truth).sum() / (hot | truth).sum())
    assert {phrase: value for phrase, value in iou.items() if value < least[phrase][0]} == {}, iou


def test_what_is_not_in_the_sample_kitchen_stays_cold(starter, kitchen):
    absent = ["bed", "sofa", "toilet", "curtain", "piano"]
    peaks = dict(zip(absent, starter.heats(kitchen, absent).max((1, 2)), strict=True))
    assert {phrase: peak for phrase, peak in peaks.items() if peak >= 0.35} == {}


# ------------------------------------------------------------ the net that research-only photos taught too


def test_the_second_net_knows_the_same_words_and_finds_the_sample_kitchen(kitchen):
    segmenter = StarterNyu()
    assert segmenter.vocabulary.leaves_of == Starter().vocabulary.leaves_of
    labels = cv2.imdecode(np.frombuffer(LABELS.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    wanted = {"island": (ISLAND, ISLAND_TOP), "cabinets": (BASE, UPPER, TALL), "floor": (FLOOR,), "ceiling": (CEILING,)}
    iou = {}
    for phrase, heat in zip(wanted, segmenter.heats(kitchen, list(wanted)), strict=True):
        hot = cv2.resize(heat, labels.shape[::-1], interpolation=cv2.INTER_AREA) >= 0.35
        truth = np.isin(labels, wanted[phrase])
        iou[phrase] = float((hot & truth).sum() / (hot | truth).sum())
    assert {phrase: value for phrase, value in iou.items() if value < 0.6} == {}, iou


def test_each_net_names_its_own_files():
    assert {path.name for path in StarterNyu.own_files} - {path.name for path in Starter.own_files} == {
        "starter-nyu.onnx",
        "starter-nyu-quality.json",
    }
    assert all(path.exists() for path in StarterNyu.own_files)


def test_the_second_net_is_chosen_by_name():
    assert isinstance(load("starter", overrides=["segmenter=starter-nyu"]).segmenter, StarterNyu)


# ------------------------------------------------------------ things that no word names


def test_heats_are_those_of_the_survey(starter, kitchen):
    words = ["island", "cabinets", "floor"]
    assert np.array_equal(starter.survey(kitchen, words).heats, starter.heats(kitchen, words))


@pytest.mark.parametrize("size", [(1, 1), (33, 900), (480, 640)])
def test_others_have_the_size_of_the_photo_and_compete_with_the_heats(size):
    survey = Starter(side_px=256, mirror=False, keep_odds=1).survey(noise(*size), ["wall", "floor"])
    assert survey.others.shape == size
    assert survey.others.dtype == np.float32
    assert (survey.heats.sum(0) + survey.others).max() <= 1 + 1e-5
    assert len(survey.evidence) == 2


def test_what_it_cannot_name_is_part_of_what_is_there_and_no_known_thing(quick, kitchen):
    survey = quick.survey(kitchen, ["cabinets"])
    unsure = survey.unsure()
    assert unsure.shape == kitchen.shape[:2]
    assert unsure.dtype == np.float32
    assert 0 <= unsure.min() <= unsure.max() <= 1
    window = quick.heats(kitchen, ["window"])[0] > 0.8
    assert survey.others[window].mean() > 0.7
    assert unsure[window].mean() < 0.1
    assert (unsure[survey.heats[0] > 0.9] < 0.2).all()


def test_windows_are_behind_things_and_what_stands_about_is_not(quick, kitchen):
    loose, behind = quick.survey(kitchen, ["window"]).things()
    window, wall = (quick.heats(kitchen, [word])[0] > 0.8 for word in ("window", "cabinets"))
    assert behind[window].mean() > 0.7
    assert (loose + behind).max() <= 1 + 1e-5
    assert loose[window | wall].mean() < 0.1
    assert behind[wall].mean() < 0.1


def test_what_is_named_is_no_other_thing(starter, kitchen):
    alone = starter.survey(kitchen, ["cabinets"]).others
    named = starter.survey(kitchen, ["cabinets", "window", "bar stools", "pendant lamp"]).others
    window = starter.heats(kitchen, ["window"])[0] > 0.8
    assert window.any()
    assert alone[window].mean() > 0.7
    assert named[window].mean() < 0.3
    assert (named <= alone + 0.05).all()


@pytest.mark.parametrize("words", [["island"], ["cabinets"], ["countertop"]])
def test_surfaces_and_parts_are_no_things_of_their_own(starter, kitchen, words):
    surfaces = starter.heats(kitchen, ["wall", "floor", "ceiling", "cabinets", "countertop", "island", "handle"])
    others = starter.survey(kitchen, words).others
    sure = surfaces.max(0) > 0.95
    assert sure.mean() > 0.3
    assert others[sure].max() < 0.3


def test_the_odds_of_other_things_are_a_setting(kitchen):
    assert Starter(side_px=256, mirror=False, keep_odds=0).survey(kitchen, ["wall"]).others is None
    even, double = (
        Starter(side_px=256, mirror=False, keep_odds=odds).survey(kitchen, ["wall"]).others for odds in (1, 2)
    )
    assert (even <= double + 1e-6).all()
    assert (double <= np.minimum(2 * even, 1) + 1e-6).all()
    unsure = (even > 0.02) & (even < 0.5)  # what is sure to be something else cannot be much surer
    assert unsure.mean() > 0.05
    assert double[unsure].mean() > 1.5 * even[unsure].mean()
    with pytest.raises(ConfigError, match=r"segmenter.keep_odds is -1; give 0 \(leave nothing out\) to 100; 1 is even"):
        Starter(keep_odds=-1)


def test_stools_before_the_island_are_not_painted_with_the_wall_behind_them(kitchen, labels):
    kept, spilt = (
        mask(kitchen, "wall", overrides={"segmenter.keep_odds": odds, "refiner": "threshold"})[0].hard
        for odds in (1, 0)
    )
    wall = cv2.resize(np.isin(labels, (WALL, ACCENT_WALL)).astype(np.uint8), kitchen.shape[1::-1], interpolation=0) > 0
    assert (kept <= spilt).all()
    assert (kept & wall).sum() > 0.99 * (spilt & wall).sum()


# ------------------------------------------------------------ from leaves to heat


def starter_that_predicts(
    photo_leaves: dict[str, np.ndarray], presence: dict[str, float], weights: tuple[float, ...] = (1, 0, 0)
) -> Starter:
    """A starter that sees these leaves, the rest of every pixel being other objects; nothing is smoothed."""
    starter = Starter(smoothness=0)
    order = starter.vocabulary.order
    leaves = np.zeros((len(order), *next(iter(photo_leaves.values())).shape), np.float32)
    present = np.full(len(order), 0.01, np.float32)
    for leaf, share in photo_leaves.items():
        leaves[order[leaf]] = share
    leaves[order["other object"]] = 1 - leaves.sum(0)
    for leaf, share in presence.items():
        present[order[leaf]] = share
    starter._predict = lambda photo: (leaves, present)
    # By default a phrase is there with the presence that the net says, whatever its strength.
    starter.__dict__["_presence_weights"] = weights
    return starter


HALF = np.array([[0.5, 0.1], [0.0, 0.0]], np.float32)
ELSEWHERE = np.array([[0.2, 0.6], [0.0, 0.3]], np.float32)


def heat_of(starter: Starter, *phrases: str) -> np.ndarray:
    return starter.heats(np.zeros((2, 2, 3), np.uint8), phrases)


def test_heat_is_the_probability_given_that_the_phrase_is_there():
    # Of a pixel with probability p of a thing that is there with probability r: p / (p + r (1 - p)).
    (heat,) = heat_of(starter_that_predicts({"refrigerator": HALF}, {"refrigerator": 0.6}), "fridge")
    np.testing.assert_allclose(heat, HALF / (HALF + 0.6 * (1 - HALF)), atol=1e-5)


def test_what_is_surely_there_keeps_the_net_s_own_probability():
    (heat,) = heat_of(starter_that_predicts({"refrigerator": HALF}, {"refrigerator": 1.0}), "fridge")
    np.testing.assert_allclose(heat, HALF, atol=1e-5)


def test_phrases_that_are_there_take_from_each_other():
    starter = starter_that_predicts({"refrigerator": HALF, "sofa": ELSEWHERE}, {"refrigerator": 0.6, "sofa": 0.7})
    both = heat_of(starter, "fridge", "sofa")
    alone = heat_of(starter, "fridge")[0]
    assert (both[0] <= alone + 1e-6).all()
    assert both[0, 0, 0] < alone[0, 0] - 0.01
    assert both.sum(0).max() <= 1 + 1e-6


def test_what_is_not_there_peaks_below_the_threshold_and_the_less_the_surer_that_is():
    peaks = [
        float(heat_of(starter_that_predicts({"sofa": np.full((2, 2), 0.9, np.float32)}, {"sofa": sure}), "sofa").max())
        for sure in (0.2 * module.PRESENT, 0.5 * module.PRESENT, 0.98 * module.PRESENT, 0.9)
    ]
    assert peaks == sorted(peaks)
    assert peaks[2] < module.FOUND < peaks[3]


def test_what_is_not_there_is_found_from_the_threshold_of_the_boxes_on():
    assert load("starter").boxes.threshold == module.FOUND


SUSPECTED = np.array([[0.1, 0.1], [0.0, 0.1]], np.float32)  # nowhere more likely than the floor


@pytest.mark.parametrize(
    ("rug", "presence", "meant"), [(HALF, 0.9, "rug"), (HALF, 0.1, "floor"), (SUSPECTED, 0.9, "floor")]
)
def test_a_carpet_is_the_rug_where_there_is_one_and_else_the_floor(rug: np.ndarray, presence: float, meant: str):
    starter = starter_that_predicts({"rug": rug, "floor": ELSEWHERE}, {"rug": presence, "floor": 0.8})
    assert np.array_equal(heat_of(starter, "carpet"), heat_of(starter, meant))
    assert np.array_equal(heat_of(starter, "carpet", "floor")[0], heat_of(starter, "rug", "floor")[0])


def test_presence_and_strength_both_speak_for_a_phrase():
    def there(share: float, presence: float) -> float:
        starter = starter_that_predicts({"sofa": HALF}, {"sofa": 0.5}, (0.6, 0.6, 1.5))
        return starter._presence(np.full((4, 4), share, np.float32), presence)

    assert there(0.3, 0.2) < there(0.6, 0.2) < there(0.6, 0.8)
    assert 0 <= there(0.0, 0.0) < there(1.0, 1.0) <= 1


def test_numbers_that_no_exponential_holds_are_still_a_probability():
    assert 0 <= starter_that_predicts({"sofa": HALF}, {}, (99, 99, 0))._presence(HALF, 0.0) < 1e-6


@pytest.mark.parametrize(("below", "joins"), [((40, 44, 52), True), ((225, 224, 220), False)])
def test_only_what_is_painted_like_the_accent_wall_joins_it_behind_the_worktop(
    below: tuple[int, int, int], joins: bool
) -> None:
    starter = Starter()
    accent, splash = (starter.vocabulary.order[leaf] for leaf in ("accent wall", "backsplash"))
    leaves = np.zeros((len(starter.vocabulary.order), 16, 24), np.float32)
    leaves[accent, :8], leaves[splash, 8:] = 0.9, 0.8
    leaves[starter.vocabulary.order["vase"]] = 1 - leaves.sum(0)
    seen = np.empty((64, 96, 3), np.uint8)
    seen[:32], seen[32:] = (38, 42, 50), below
    joined = starter._merge_accent_wall(leaves, seen)
    assert (joined[accent, 10:] > 0.7).all() == joins
    assert (joined[splash, 10:] < 0.1).all() == joins
    np.testing.assert_allclose(joined.sum(0), 1, atol=1e-5)


def test_the_wall_s_colour_decides_only_where_the_net_is_of_two_minds() -> None:
    starter = Starter()
    accent, fridge = (starter.vocabulary.order[leaf] for leaf in ("accent wall", "refrigerator"))
    leaves = np.zeros((len(starter.vocabulary.order), 16, 24), np.float32)
    leaves[accent, :8], leaves[accent, 8:12], leaves[accent, 12:] = 0.9, 0.3, 0.02
    leaves[fridge] = 1 - leaves[accent]
    joined = starter._merge_accent_wall(leaves, np.full((64, 96, 3), 40, np.uint8))
    assert (joined[accent, 9:11] > 0.5).all()
    assert (joined[accent, 13:] < 0.15).all()


def test_without_an_accent_wall_a_backsplash_stays_one() -> None:
    starter = Starter()
    leaves = np.zeros((len(starter.vocabulary.order), 16, 24), np.float32)
    leaves[starter.vocabulary.order["backsplash"]] = 0.8
    assert starter._merge_accent_wall(leaves, np.zeros((64, 96, 3), np.uint8)) is leaves


def test_the_heat_does_not_depend_on_the_number_of_threads():
    photo = np.random.default_rng(0).integers(0, 256, (96, 144, 3), dtype=np.uint8)
    one, two = (
        Starter(side_px=256, mirror=False, threads=threads).heats(photo, ["wall", "floor"]) for threads in (1, 2)
    )
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize(("count", "axis", "least", "mean"), [(2, 1, 0.8, 0.9), (5, 1, 0.8, 0.9), (3, 0, 0.5, 0.7)])
def test_in_a_panorama_things_are_found_as_in_a_photo(starter, kitchen, count, axis, least, mean):
    """Of a kitchen beside its mirror image, again and again, each part has the masks that it has alone.

    One above the other they are no room that there could be, and an island below a floor is found in part.
    """
    words = ["cabinets", "floor", "ceiling", "island"]
    room = cv2.resize(kitchen, (480, 320), interpolation=cv2.INTER_AREA)
    alone = starter.heats(room, words) >= 0.35
    rooms = [room if k % 2 == 0 else room[:, ::-1] for k in range(count)]
    expected = np.concatenate([alone if k % 2 == 0 else alone[..., ::-1] for k in range(count)], axis + 1)
    found = starter.heats(np.ascontiguousarray(np.concatenate(rooms, axis)), words) >= 0.35
    overlaps = [(mine & true).sum() / (mine | true).sum() for mine, true in zip(found, expected, strict=True)]
    assert min(overlaps) > least
    assert np.mean(overlaps) > mean


@pytest.mark.parametrize("shape", [(3, 1000, 3), (1000, 3, 3), (1, 4, 3)])
def test_a_narrow_strip_is_seen_in_a_few_views(shape, monkeypatch):
    """Of a strip 3 px wide views in its own proportions would be hundreds, and take minutes."""
    starter = Starter(side_px=128, mirror=False)
    views = []
    see = starter._net.run

    def count(**inputs):
        views.append(inputs)
        assert len(views) <= 24
        return see(**inputs)

    monkeypatch.setattr(starter._net, "run", count)
    heat = starter.heats(np.full(shape, 128, np.uint8), ["floor"])
    assert heat.shape[0] == 1
    assert np.isfinite(heat).all()


def test_a_survey_names_the_pieces_that_instances_answers(quick, kitchen):
    words = ["cabinets", "stools"]
    cabinets, stools = quick.survey(kitchen, words).pieces
    assert stools is None
    assert len(np.unique(cabinets)) > 1
    np.testing.assert_array_equal(quick.instances(kitchen, words), np.stack([cabinets, np.zeros_like(cabinets)]))


def test_kinds_of_a_framed_photo_are_those_of_the_photo_alone(quick, kitchen):
    room = cv2.resize(kitchen, (480, 320), interpolation=cv2.INTER_AREA)
    framed = cv2.copyMakeBorder(room, 0, 0, 80, 80, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    kinds = quick.instances(framed, ["cabinets"])
    np.testing.assert_array_equal(kinds[:, :, 80:-80], quick.instances(room, ["cabinets"]))
    assert not kinds[:, :, :80].any()


def test_threads_that_share_a_starter_get_each_its_own_photo(kitchen):
    shared = Starter(side_px=96, mirror=False)
    photos = [np.roll(cv2.resize(kitchen, (96, 64)), 16 * turn, axis=1) for turn in range(4)]
    alone = [Starter(side_px=96, mirror=False).heats(photo, ["wall"]).tobytes() for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert [heat.tobytes() for heat in pool.map(lambda photo: shared.heats(photo, ["wall"]), photos)] == alone
