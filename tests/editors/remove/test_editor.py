"""The remove editor: what it refuses, and that it keeps its hands off everything else."""

import re

import numpy as np
import pytest
from drawing import disc, room

import automask
from automask.config import compose
from automask.editors.remove import Remove
from automask.errors import ConfigError, CropRefused, UnknownPrompt

SIZE = (120, 160)
HOLE = disc(SIZE, (60, 60), 12) | disc(SIZE, (140, 20), 5)


def wall() -> np.ndarray:
    columns = np.mgrid[: SIZE[0], : SIZE[1]][1]
    return np.repeat((150 + columns // 4).astype(np.uint8)[..., None], 3, -1)


def with_things() -> np.ndarray:
    photo = wall()
    photo[HOLE] = (200, 30, 30)
    return photo


def test_things_before_a_plain_wall_are_gone_and_the_light_goes_on():
    out = Remove().paint(with_things(), HOLE, "remove", seed=1)
    assert np.abs(out.astype(int) - wall()).max() <= 4
    assert (out[~HOLE] == wall()[~HOLE]).all()


def test_the_same_seed_gives_the_same_bytes_and_the_crop_is_not_written_to():
    crop = room(*SIZE)
    crop.flags.writeable = False
    one, two = (Remove(flatten=flatten).paint(crop, HOLE, "gone", seed=5) for flatten in (True, True))
    assert (one == two).all()
    assert (one[~HOLE] == crop[~HOLE]).all()


def test_an_empty_mask_changes_nothing():
    crop = room(*SIZE)
    assert (Remove().paint(crop, np.zeros(SIZE, bool), "nothing", seed=1) == crop).all()


def test_nothing_of_the_next_thing_is_copied_though_it_looks_like_what_goes():
    # Two framed pictures; a bit of the left one's frame is outside the mask, from which the right one goes on best.
    framed = np.zeros(SIZE, bool)
    framed[40:76, 30:60] = framed[40:76, 66:96] = True
    inner = np.zeros(SIZE, bool)
    inner[44:72, 34:56] = inner[44:72, 70:92] = True
    photo = wall()
    photo[framed], photo[inner] = (40, 20, 10), (30, 90, 160)
    hole = np.zeros(SIZE, bool)
    hole[36:74, 26:63] = True
    next_one = np.zeros(SIZE, bool)
    next_one[39:77, 65:97] = True
    rest = np.zeros(SIZE, bool)
    rest[74:76, 29:61] = True

    def ghosts(out: np.ndarray) -> int:
        return int((np.abs(out.astype(int) - wall()).max(-1) > 40)[hole].sum())

    tempted = Remove().paint(photo, hole, "remove", seed=1)
    told = Remove().paint_beside(photo, hole, next_one | rest, "remove", seed=1)
    assert ghosts(tempted) > 40
    assert ghosts(told) == 0
    assert (told[~hole] == photo[~hole]).all()


def test_where_there_is_nothing_else_what_is_beside_is_copied_all_the_same():
    photo = with_things()
    assert (
        Remove().paint_beside(photo, HOLE, ~HOLE, "remove", seed=1) == Remove().paint(photo, HOLE, "remove", seed=1)
    ).all()


def test_more_than_it_can_do_is_declined_in_a_sentence():
    with pytest.raises(CropRefused, match=r"covers \d+% of the photo, shadow included, and the built-in remover fills"):
        Remove(max_share=0.01).paint(room(*SIZE), HOLE, "remove", seed=1)
    with pytest.raises(CropRefused, match="leaves nothing of the photo to continue"):
        Remove(max_share=1.0).paint(room(*SIZE), ~disc(SIZE, (80, 60), 3), "remove", seed=1)


def test_what_a_refusal_says_to_add_is_known_and_enough():
    with pytest.raises(CropRefused) as caught:
        Remove(max_share=0.01).paint(room(*SIZE), HOLE, "remove", seed=1)
    named = re.search(r"in a run of its own with '([^']+)'", str(caught.value))
    assert named is not None
    composed = compose("starter", named[1].split())["editor"]
    assert composed["_target_"].endswith("Remove")
    assert HOLE.mean() < composed["max_share"] < HOLE.mean() + 0.06


def test_words_that_paint_are_another_editor_s():
    with pytest.raises(UnknownPrompt, match=re.escape("'marble' is something to paint; say remove, nothing, gone or")):
        Remove().check("marble")


@pytest.mark.parametrize("share", [0, -1, 1.5, True])
def test_a_share_out_of_range_is_refused(share: object):
    with pytest.raises(ConfigError, match=re.escape(f"editor.max_share is {share!r}; give a share of the photo")):
        Remove(max_share=share)


def test_stages_that_were_loaded_without_it_take_things_away_all_the_same(scene):
    stages = automask.load(overrides=scene.overrides)
    outcome = stages.edit(scene.photo, "lamp -> remove")
    assert outcome.steps[0].area_px > 0
    assert outcome.record["models"]["remove"] == "Remove"
    assert outcome.record["outside_changed_px"] == 0
