import numpy as np
import pytest

from automask.editors.paint import Paint
from automask.editors.paint.agreement import Agreement, agree
from automask.errors import EditorError

WHITE, OAK = [-0.3, -0.3, -0.3, -0.3], [-1.4, -1.0, -1.5, -2.3]


def seen(*materials, eye_m=None):
    return {"materials": [[share, *reflectance] for share, reflectance in materials], "eye_m": eye_m}


def off(reflectance, by):
    return [round(value + by, 4) for value in reflectance]


def test_photos_that_say_the_same_agree_on_it():
    agreed = agree([seen((1.0, WHITE), eye_m=1.4)] * 3)
    assert agreed == {"reflectances": [WHITE], "eye_m": 1.4}


def test_the_order_of_photos_does_not_matter_and_the_odd_one_is_outvoted():
    photos = [seen((1.0, off(WHITE, by))) for by in (0.0, 0.1, 0.6)]
    assert agree(photos) == agree(photos[::-1]) == {"reflectances": [off(WHITE, 0.1)], "eye_m": None}


def test_two_materials_stay_two_whichever_photo_shows_both():
    agreed = agree([seen((0.6, OAK), (0.4, WHITE)), seen((1.0, off(WHITE, 0.2)))])
    assert [np.round(one, 3).tolist() for one in agreed["reflectances"]] == [np.round(off(WHITE, 0.1), 3).tolist(), OAK]
    room = Agreement.parse(agreed)
    assert room.nearest(tuple(off(OAK, 0.3))) == tuple(OAK)
    assert room.nearest(tuple(off(WHITE, -0.3)))[0] == pytest.approx(-0.2)


def test_a_photo_that_shows_a_splinter_of_a_material_has_no_say_in_it():
    assert agree([seen((0.9, WHITE)), seen((0.05, off(WHITE, 0.5)))])["reflectances"] == [WHITE]


def test_photos_without_the_surface_agree_on_nothing_and_each_keeps_its_own():
    nothing = Agreement.parse(agree([seen(), seen()]))
    assert nothing.nearest(tuple(OAK)) == tuple(OAK)
    assert nothing.size_by(1.7) == 1.0


def test_boards_that_look_large_from_one_place_are_made_as_small_as_from_the_other():
    room = Agreement.parse(agree([seen(eye_m=1.2), seen(eye_m=1.8)]))
    assert 1.2 / room.size_by(1.2) == pytest.approx(1.8 / room.size_by(1.8))


@pytest.mark.parametrize("plain", [None, {}, {"reflectances": [[1, 2]], "eye_m": None}, {"reflectances": 3}])
def test_what_is_no_agreement_is_refused(plain):
    with pytest.raises(EditorError, match=r"is no agreement of paint; give what its agree\(\) returned"):
        Paint().in_room(plain)


def test_a_wall_that_two_photos_show_alike_is_painted_alike_whatever_is_round_it():
    """The light on it is guessed from the surroundings, which are not the same in both photos."""
    there = np.zeros((160, 240), bool)
    there[40:120, 60:180] = True
    photos = [np.full((160, 240, 3), grey, np.uint8) for grey in (200, 160)]
    for photo in photos:
        photo[there] = (150, 148, 144)

    def apart(editors):
        made = [
            one.paint(photo, there, "sage", seed=0)[60:100, 90:150] for one, photo in zip(editors, photos, strict=True)
        ]
        return np.abs(made[0].astype(int) - made[1]).mean()

    alone = Paint()
    measured = [alone.measure(photo, there, "sage") for photo in photos]
    together = alone.in_room(alone.agree(measured))
    assert apart([alone] * 2) > 8
    assert apart([together] * 2) < 1
    colours = [together.paint(photo, there, "sage", seed=0)[80, 120].astype(int) for photo in photos]
    assert all(green > max(red, blue) for red, green, blue in colours)
    assert (alone.paint(photos[0], there, "sage", seed=0) == Paint().paint(photos[0], there, "sage", seed=0)).all()
