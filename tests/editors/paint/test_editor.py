import time

import cv2
import numpy as np
import pytest
from PIL import ImageColor

from automask.editors.paint import Paint, look_for
from automask.editors.paint.catalogue import MATERIALS
from automask.errors import ConfigError, EditorError, UnknownPrompt


def room(size=(160, 240), wall=(186, 182, 176), thing=(120, 122, 124)):
    """A room's picture: bright neutral walls, a brown floor, and a flat thing in the middle; and where the thing is."""
    h, w = size
    photo = np.empty((h, w, 3), np.float64)
    photo[:] = wall
    photo[int(0.7 * h) :] = (150, 116, 84)
    there = np.zeros(size, bool)
    there[int(0.25 * h) : int(0.65 * h), int(0.25 * w) : int(0.75 * w)] = True
    photo[there] = thing
    return photo.round().astype(np.uint8), there


def lab(rgb):
    return cv2.cvtColor(np.asarray(rgb, np.float32).reshape(1, -1, 3) / 255, cv2.COLOR_RGB2LAB)[0]


def middle(there):
    return cv2.erode(there.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=0) > 0


# ---------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize("name", sorted({*ImageColor.colormap} - {"linen"}))
def test_every_css_colour_is_known(name):
    assert look_for(name).texture is None


@pytest.mark.parametrize(
    ("prompt", "same"),
    [
        ("#abc", "#aabbcc"),
        ("#AABBCC", "rgb(170, 187, 204)"),
        ("Off-White", "off white"),
        ("offwhite paint", "off-white"),
        ("dark green", "darkgreen"),
        ("  sage   green ", "sage"),
        ("matte charcoal", "flat charcoal"),
        ("marble", "white marble"),
        ("gray marble", "grey marble"),
        ("Carrara marble", "marble"),
        ("oak wood", "oak"),
        ("oak floorboards", "oak planks"),
        ("rgb(50%,50%,50%)", "rgb(128,128,128)"),
    ],
)
def test_words_that_mean_the_same(prompt, same):
    assert look_for(prompt) == look_for(same)


@pytest.mark.parametrize("prompt", ["greige", "sage", "navy", "charcoal", "off-white", *MATERIALS])
def test_check_lets_known_words_pass(prompt):
    Paint().check(prompt)


@pytest.mark.parametrize("prompt", ["chesterfield sofa", "", "#abcd5", "rgb(1,2)", "remove", "hsl(pink)"])
def test_unknown_words_are_refused_with_what_is_known(prompt):
    with pytest.raises(UnknownPrompt) as caught:
        Paint().check(prompt)
    assert str(caught.value) == (
        f"paint does not know {prompt!r}; it knows CSS colours, #hex, rgb(), lab(), oklch(), RAL numbers, paint words "
        "and what 'automask materials' lists, and your own colours with palette=mine.csv; "
        "anything else takes diffusion: preset=photo, or editor=auto with the "
        "extra 'models'"
    )


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("marbel", "marble"), ("wallnut", "walnut"), ("charcaol", "charcoal"), ("turqoise", "turquoise")],
)
def test_a_slip_gets_the_nearest_word(slip, meant):
    with pytest.raises(EditorError, match=f"did you mean '{meant}'"):
        look_for(slip)


def test_paint_refuses_what_check_refuses():
    photo, there = room()
    with pytest.raises(EditorError, match="chesterfield"):
        Paint().paint(photo, there, "chesterfield sofa", seed=0)


# -------------------------------------------------------------------------------------------------------------- options

NOT_A_SCALE = [0, -1, 0.04, 21, float("inf"), float("nan"), True, "big", None, [1]]
NOT_A_SHADING = [-0.1, 2.1, float("-inf"), float("nan"), True, "0.5", None]


@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [("scale", value, "0.05", "20") for value in NOT_A_SCALE]
    + [("shading", value, "0", "2") for value in NOT_A_SHADING]
    + [("rim_frac", value, "0", "0.05") for value in (-0.001, 0.06, float("nan"), True, "wide")]
    + [("bounce", value, "0", "1") for value in (-0.1, 1.1, float("nan"), True, None)],
)
def test_a_setting_out_of_range_is_refused(name, value, low, high):
    with pytest.raises(ConfigError) as caught:
        Paint(**{name: value})
    assert str(caught.value) == f"editor.{name} is {value!r}; give a number from {low} to {high}"


@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [("scale", value, "0.05", "20") for value in NOT_A_SCALE]
    + [("shading", value, "0", "2") for value in NOT_A_SHADING],
)
def test_check_and_paint_refuse_an_option_out_of_range(name, value, low, high):
    photo, there = room()
    for refusing in (
        lambda: Paint().check("sage", **{name: value}),
        lambda: Paint().paint(photo, there, "sage", seed=0, **{name: value}),
        lambda: Paint().paint(photo, there & False, "sage", seed=0, **{name: value}),
    ):
        with pytest.raises(EditorError) as caught:
            refusing()
        assert str(caught.value) == f"{name} is {value!r}; give a number from {low} to {high}"


@pytest.mark.parametrize("prompt", ["marble", "oak", "oak planks", "concrete"])
@pytest.mark.parametrize(("scale", "shading", "rim_frac"), [(0.05, 0, 0), (20, 2, 0.05), (np.float32(1), 1, 0.004)])
def test_the_ends_of_the_ranges_work_even_twice_over(prompt, scale, shading, rim_frac):
    photo, there = room()
    editor = Paint(scale=scale, shading=shading, rim_frac=rim_frac)
    with np.errstate(all="raise", under="ignore"):
        painted = editor.paint(photo, there, prompt, seed=0, scale=scale, shading=shading)
    assert (painted[middle(there)] != photo[middle(there)]).any(-1).mean() > 0.95


def test_scale_and_shading_multiply_the_constructor_s():
    photo, there = room()
    one = Paint(scale=2, shading=0.5).paint(photo, there, "marble", seed=0, scale=0.5, shading=2)
    np.testing.assert_array_equal(one, Paint().paint(photo, there, "marble", seed=0))


# ----------------------------------------------------------------------------------------------------------------- laws


@pytest.mark.parametrize("prompt", ["white", "#98a48c", *MATERIALS])
def test_pixels_outside_the_mask_are_untouched_and_those_inside_change(prompt):
    photo, there = room()
    kept = photo.copy()
    photo.flags.writeable = False
    there.flags.writeable = False
    painted = Paint().paint(photo, there, prompt, seed=3)
    assert painted.shape == photo.shape
    assert painted.dtype == np.uint8
    np.testing.assert_array_equal(painted[~there], kept[~there])
    np.testing.assert_array_equal(photo, kept)
    assert (painted[middle(there)] != kept[middle(there)]).any(-1).mean() > 0.95


@pytest.mark.parametrize("prompt", ["navy", "marble", "oak planks"])
def test_the_same_bytes_every_time_and_on_any_number_of_threads(prompt):
    photo, there = room()
    first = Paint().paint(photo, there, prompt, seed=7)
    threads = cv2.getNumThreads()
    try:
        for count in (1, 2, 4):
            cv2.setNumThreads(count)
            np.random.seed(count)  # the global generator must not matter
            np.testing.assert_array_equal(Paint().paint(photo, there, prompt, seed=7), first)
    finally:
        cv2.setNumThreads(threads)


def test_the_seed_moves_the_veins_and_leaves_colours_alone():
    photo, there = room()
    one, two = (Paint().paint(photo, there, "marble", seed=seed) for seed in (1, 2))
    assert (one != two).any()
    one, two = (Paint().paint(photo, there, "sage", seed=seed) for seed in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_an_empty_mask_changes_nothing():
    photo, there = room()
    np.testing.assert_array_equal(Paint().paint(photo, there & False, "marble", seed=0), photo)


# --------------------------------------------------------------------------------------------------------------- colour


@pytest.mark.parametrize("hex_colour", ["#8d9093", "#7f96a8", "#98a48c", "#b9aea0", "#b0694c", "#33363a"])
def test_a_flat_lit_surface_takes_the_colour_asked_for(hex_colour):
    """Hue within 12 degrees where there is one, and lightness within 14 L*, which is what the tone curve may move."""
    photo, there = room()
    painted = Paint().paint(photo, there, hex_colour, seed=0)[middle(there)]
    got, asked = lab(np.median(painted, 0))[0], lab(ImageColor.getrgb(hex_colour))[0]
    assert painted.std(0).max() < 1.0
    assert abs(got[0] - asked[0]) < 14
    if np.hypot(*asked[1:]) > 8:
        turn = np.degrees(np.arctan2(got[2], got[1]) - np.arctan2(asked[2], asked[1]))
        assert abs((turn + 180) % 360 - 180) < 12


def test_white_is_as_light_as_this_room_s_white_and_black_is_black():
    photo, there = room(thing=(60, 42, 30))
    inside = middle(there)
    white = lab(np.median(Paint().paint(photo, there, "white", seed=0)[inside], 0))[0]
    black = lab(np.median(Paint().paint(photo, there, "black", seed=0)[inside], 0))[0]
    wall = lab(photo[2, 2])[0]
    assert abs(white[0] - wall[0]) < 14
    assert np.hypot(white[1], white[2]) < 4
    assert black[0] < 16


def test_lighter_paint_is_lighter():
    photo, there = room()
    greys = ["#101010", "#303030", "#585858", "#808080", "#a8a8a8", "#d0d0d0", "#f0f0f0"]
    levels = [float(np.median(Paint().paint(photo, there, grey, seed=0)[middle(there)])) for grey in greys]
    assert levels == sorted(levels)
    assert len(set(levels)) == len(levels)


# ---------------------------------------------------------------------------------------------------------------- light


@pytest.mark.parametrize("old", [(40, 41, 43), (128, 122, 116)])
@pytest.mark.parametrize("prompt", ["white", "#7f96a8", "#33363a"])
def test_light_and_shade_keep_their_order(old, prompt):
    photo, there = room(size=(200, 300))
    ramp = np.linspace(0.7, 1.3, there.shape[1])[None, :, None] * np.array(old)
    photo = np.where(there[..., None], ramp, photo).round().astype(np.uint8)
    painted = Paint().paint(photo, there, prompt, seed=0)
    inside = middle(there)
    columns = np.flatnonzero(inside.any(0))
    means = [painted[:, x][inside[:, x]].mean() for x in columns]
    assert means[-1] - means[0] > 5
    assert np.diff(cv2.blur(np.array([means]), (15, 1))[0]).min() > -0.3


def test_black_flutes_painted_white_keep_their_shape():
    photo, there = room(size=(200, 300))
    flutes = 24 + 10 * np.sin(np.arange(300) * 2 * np.pi / 14)
    photo = np.where(there[..., None], np.broadcast_to(flutes[None, :, None], (*there.shape, 3)), photo)
    painted = Paint().paint(photo.round().astype(np.uint8), there, "white", seed=0)
    row = painted[100, 90:210].mean(-1)
    assert np.corrcoef(row, flutes[90:210])[0, 1] > 0.9
    assert row.max() - row.min() > 6
    assert row.min() > 120


def test_walnut_painted_white_loses_its_grain():
    photo, there = room(size=(240, 360))
    rng = np.random.default_rng(0)
    grain = cv2.resize(rng.normal(0, 1, (120, 12)).astype(np.float32), (360, 240), interpolation=cv2.INTER_CUBIC)
    walnut = np.array([96, 66, 48]) * np.exp(0.22 * grain)[..., None]
    photo = np.where(there[..., None], np.clip(walnut, 0, 255), photo).round().astype(np.uint8)
    inside = middle(there)
    painted = Paint().paint(photo, there, "white", seed=0)

    def contrast(picture):
        luma = picture.mean(-1)[inside]
        return luma.std() / luma.mean()

    assert contrast(photo) > 0.15
    assert contrast(painted) < 0.025
    assert np.median(painted[inside]) > 170


def test_a_highlight_on_white_is_a_highlight_on_black():
    photo, there = room(size=(200, 300), thing=(120, 120, 120))
    cv2.circle(photo, (150, 90), 5, (245, 245, 245), -1, cv2.LINE_AA)
    painted = Paint().paint(photo, there, "black", seed=0)
    assert painted[90, 150].mean() > painted[90, 110].mean() + 25


def test_a_highlight_is_dull_on_matt_paint_and_bright_on_gloss():
    photo, there = room(size=(200, 300))
    photo[88:92, 148:152] = 250
    peaks = {}
    for words in ("matt navy", "navy", "high gloss navy"):
        painted = Paint().paint(photo, there, words, seed=0)
        peaks[words] = painted[86:94, 146:154].max() - float(np.median(painted[middle(there)]))
    assert peaks["matt navy"] < 0.8 * peaks["navy"] < 0.8 * peaks["high gloss navy"]


def test_a_highlight_on_brass_is_of_brass_and_one_on_paint_is_white():
    photo, there = room(size=(200, 300))
    photo[88:92, 148:152] = 250
    brass, paint = (Paint().paint(photo, there, words, seed=0)[89:91, 149:151] for words in ("brass", "gloss black"))
    yellow = [(each[..., 0].astype(int) - each[..., 2]).mean() for each in (brass, paint)]
    assert yellow[0] > yellow[1] + 8


def test_two_old_materials_under_one_mask_become_one_colour():
    """A white top on a black body: the new colour must not be white above and grey below."""
    photo, there = room(size=(200, 300), thing=(34, 35, 37))
    top = there.copy()
    top[85:] = False
    photo[top] = (212, 210, 206)
    painted = Paint().paint(photo, there, "#98a48c", seed=0)
    above, below = (np.median(painted[middle(part)], 0) for part in (top, there & ~top))
    assert abs(lab(above)[0][0] - lab(below)[0][0]) < 12


# ---------------------------------------------------------------------------------------------------------------- edges


def test_a_mask_a_little_too_wide_does_not_paint_the_neighbour():
    photo, there = room(size=(300, 450), thing=(40, 60, 110))
    wide = cv2.dilate(there.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    painted = Paint().paint(photo, wide, "white", seed=0).astype(int)
    rim = wide & ~there
    assert np.abs(painted - photo)[rim].mean() < 12
    assert (painted[middle(there)] > 150).all()


def test_a_speck_of_the_old_surface_next_to_the_edge_is_painted_and_a_neighbour_that_reaches_in_is_kept():
    photo, there = room(size=(300, 450), thing=(40, 41, 43))
    left = np.flatnonzero(there.any(0))[0]
    speck, spur = (slice(120, 122), slice(left + 1, left + 2)), (slice(150, 156), slice(left - 9, left + 2))
    photo[speck] = photo[spur] = (96, 30, 12)
    painted = Paint().paint(photo, there, "white", seed=0).astype(int)
    assert painted[speck].min() > 150
    assert np.abs(painted - photo)[151:155, left].max() < 40


@pytest.mark.parametrize(
    ("old", "neighbour", "prompt"),
    [((196, 150, 100), (60, 62, 66), "white"), ((230, 230, 226), (150, 120, 96), "navy")],
)
def test_a_mixed_pixel_keeps_its_share_of_the_neighbour_and_none_of_the_old_surface(old, neighbour, prompt):
    size, over = 240, 8
    rows, columns = np.mgrid[0 : size * over, 0 : size * over]
    disc = (rows - 120 * over) ** 2 + (columns - 120.3 * over) ** 2 < (70 * over) ** 2
    share = cv2.resize(disc.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)[..., None]
    light = cv2.cvtColor(np.float32([[old, neighbour]]) / 255, cv2.COLOR_RGB2BGR)  # mixed as light is, not as levels
    old_lin, beside_lin = (((each[::-1] + 0.055) / 1.055) ** 2.4 for each in light[0])

    def picture(colour):
        lin = share * colour + (1 - share) * beside_lin
        return np.rint(255 * (1.055 * lin ** (1 / 2.4) - 0.055)).astype(np.uint8)

    photo = picture(old_lin)
    mask = share[..., 0] > 0  # as wide as the mixed pixels
    painted = Paint().paint(photo, mask, prompt, seed=0)
    new = np.median(painted[share[..., 0] == 1], axis=0) / 255
    wanted = picture(((new + 0.055) / 1.055) ** 2.4)
    mixed = (share[..., 0] > 0) & (share[..., 0] < 1)
    off = np.abs(painted.astype(int) - wanted)[mixed].mean()
    stepped = np.abs(wanted[share[..., 0] == 1][0].astype(int) - wanted)[mixed].mean()
    assert off < 0.35 * stepped


# ---------------------------------------------------------------------------------------------------------- perspective


def test_boards_shrink_with_distance():
    """Boards that run away from the eye are the same boards in two rows of the photo, wider in the nearer one."""
    photo, _ = room(size=(300, 450))
    floor = np.zeros(photo.shape[:2], bool)
    floor[180:] = True
    painted = Paint().paint(photo, floor, "oak planks", seed=0).mean(-1)
    far, near = painted[228:234].mean(0), painted[288:294].mean(0)
    x = np.arange(450) - 224.5

    def alike(zoom):
        seen = np.abs(x) * zoom < 224
        return np.corrcoef(np.interp(x[seen] * zoom, x, near), far[seen])[0, 1]

    assert max(np.linspace(0.7, 2.4, 69), key=alike) > 1.15


# ------------------------------------------------------------------------------------------------------------- extremes


@pytest.mark.parametrize("prompt", ["white", "black", "marble", "walnut planks"])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_clipped_photos_do_not_crash(prompt, level):
    photo = np.full((48, 64, 3), level, np.uint8)
    for there in (np.ones((48, 64), bool), np.pad(np.ones((24, 64), bool), ((24, 0), (0, 0)))):
        with np.errstate(invalid="raise", divide="raise"):
            painted = Paint().paint(photo, there, prompt, seed=0)
        np.testing.assert_array_equal(painted[~there], photo[~there])


@pytest.mark.parametrize("prompt", ["white", "marble", "oak", "concrete"])
@pytest.mark.parametrize("at", [(0, 0), (20, 30), (47, 63)])
def test_masks_of_one_pixel_do_not_crash(prompt, at):
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (48, 64, 3)).astype(np.uint8)
    there = np.zeros((48, 64), bool)
    there[at] = True
    painted = Paint().paint(photo, there, prompt, seed=0)
    np.testing.assert_array_equal(painted[~there], photo[~there])


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 2)])
def test_tiny_photos_do_not_crash(size):
    photo = np.full((*size, 3), 90, np.uint8)
    for prompt in ("white", "marble", "oak planks"):
        assert Paint().paint(photo, np.ones(size, bool), prompt, seed=0).shape == photo.shape


@pytest.mark.parametrize("prompt", ["marble", "oak", "oak planks", "concrete", "#ff0000"])
@pytest.mark.parametrize("size", [(5, 3000), (3000, 5), (1, 1), (2, 2), (1, 500), (500, 1)])
def test_a_strip_or_a_dot_takes_no_longer_than_a_photo(prompt, size):
    """5 by 3000 px once asked for two kilometres of marble, vein by vein. CPU seconds: the machine may be busy."""
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    began = time.process_time()
    painted = Paint().paint(photo, np.ones(size, bool), prompt, seed=0)
    assert time.process_time() - began < 1.0
    assert painted.shape == photo.shape
