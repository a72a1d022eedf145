"""What the net predicts of the surfaces in a photo."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from automask.geometry.surfaces import surfaces_of

ROOT = Path(__file__).resolve().parents[2]
FLOOR, CEILING, BASE_CABINET = 3, 4, 7  # classes of scripts/render_rooms


def photo(size=(160, 240)):
    """A plain room: a pale wall, a brown floor, a dark cupboard."""
    h, w = size
    picture = np.empty((h, w, 3), np.uint8)
    picture[:] = (214, 210, 203)
    picture[int(0.68 * h) :] = (142, 110, 80)
    picture[int(0.4 * h) : int(0.8 * h), int(0.3 * w) : int(0.6 * w)] = (52, 50, 49)
    return picture


def test_normals_are_of_length_one_and_everything_is_finite():
    surfaces = surfaces_of(photo())
    np.testing.assert_allclose(np.linalg.norm(surfaces.normal, axis=-1), 1, atol=1e-4)
    for plane in (surfaces.normal, surfaces.log_density, surfaces.log_albedo):
        assert plane.dtype == np.float32
        assert np.isfinite(plane).all()
    assert surfaces.log_density.shape == surfaces.normal.shape[:2] == surfaces.log_albedo.shape[:2]


def test_the_same_photo_gives_the_same_bytes():
    one, other = surfaces_of(photo()), surfaces_of(photo())
    np.testing.assert_array_equal(one.normal, other.normal)
    np.testing.assert_array_equal(one.log_albedo, other.log_albedo)


def test_in_a_kitchen_the_floor_faces_up_the_ceiling_down_and_cabinets_sideways():
    labels = cv2.imread(str(ROOT / "tests/data/kitchen_labels.png"), cv2.IMREAD_UNCHANGED)
    kitchen = cv2.cvtColor(cv2.imread(str(ROOT / "automask/samples/kitchen.jpg")), cv2.COLOR_BGR2RGB)
    up = surfaces_of(kitchen).normal[..., 1]
    of = cv2.resize(labels, up.shape[::-1], interpolation=cv2.INTER_NEAREST)
    assert np.median(up[of == FLOOR]) < -0.95
    assert np.median(up[of == CEILING]) > 0.95
    assert np.median(np.abs(up[of == BASE_CABINET])) < 0.2


def test_a_dark_cupboard_reflects_less_than_a_pale_wall():
    albedo = surfaces_of(photo((256, 384))).log_albedo[..., 0]
    h, w = albedo.shape
    assert np.median(albedo[int(0.5 * h) : int(0.65 * h), int(0.4 * w) : w // 2]) < np.median(albedo[: h // 5]) - 1


@pytest.mark.parametrize("brighter", [0.7, 1.2])
def test_brightness_hardly_changes_the_predicted_reflectance(brighter):
    """The photo's levels change by a third of a stop and more; the predicted reflectance changes by less."""
    dim = photo((256, 384))
    lit = np.clip(dim * brighter, 0, 255).astype(np.uint8)
    moved = surfaces_of(lit).log_albedo[..., 0] - surfaces_of(dim).log_albedo[..., 0]
    assert abs(float(np.median(moved))) < 0.6 * 2.2 * abs(np.log(brighter))


def test_a_photo_twice_as_large_has_twice_the_px_for_a_metre():
    small = photo((256, 384))
    large = cv2.resize(small, (768, 512), interpolation=cv2.INTER_NEAREST)
    zoom = np.median(surfaces_of(large).log_density - surfaces_of(small).log_density)
    assert zoom == pytest.approx(np.log(2), abs=0.05)


@pytest.mark.parametrize("size", [(1, 1), (5, 3000), (3000, 5)])
def test_tiny_and_long_photos_have_surfaces_too(size):
    assert np.isfinite(surfaces_of(np.full((*size, 3), 90, np.uint8)).log_albedo).all()
