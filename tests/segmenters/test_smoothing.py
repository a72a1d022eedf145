"""Smoothing: specks go where the colour is one, borders move to the photo's edges, and shares stay shares."""

import numpy as np
import pytest

from automask.segmenters.smoothing import smooth


def of_labels(labels, count, sure=0.7):
    """[count, h, w] shares that are this sure of a label map; the rest is divided among the other labels."""
    shares = np.full((count, *labels.shape), (1 - sure) / (count - 1), np.float32)
    for label in range(count):
        shares[label][labels == label] = sure
    return shares


def two_colours(height=40, width=60, edge=30):
    photo = np.full((height, width, 3), (200, 190, 180), np.uint8)
    photo[:, edge:] = (120, 80, 50)
    return photo


def test_a_speck_in_one_colour_takes_the_label_round_it():
    labels = np.zeros((40, 60), int)
    labels[:, 30:] = 1
    labels[10:13, 10:13] = 2
    found = smooth(of_labels(labels, 3), two_colours(), 3.0).argmax(0)
    labels[10:13, 10:13] = 0
    np.testing.assert_array_equal(found, labels)


def test_a_thing_of_its_own_colour_keeps_its_label():
    labels = np.zeros((40, 60), int)
    labels[:, 30:] = 1
    labels[10:13, 10:13] = 2
    photo = two_colours()
    photo[10:13, 10:13] = (20, 90, 160)
    np.testing.assert_array_equal(smooth(of_labels(labels, 3), photo, 3.0).argmax(0), labels)


def test_a_border_moves_to_the_edge_of_the_colours():
    labels = np.zeros((40, 60), int)
    labels[:, 28:] = 1  # two pixels from the edge at 30
    found = smooth(of_labels(labels, 2), two_colours(), 3.0).argmax(0)
    np.testing.assert_array_equal(found, np.broadcast_to(np.arange(60) >= 30, (40, 60)))


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (7, 5), (40, 60)])
def test_shares_stay_shares(size):
    rng = np.random.default_rng(3)
    shares = rng.dirichlet(np.full(6, 0.3), size).transpose(2, 0, 1).astype(np.float32)
    photo = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    found = smooth(shares, photo, 3.0)
    assert found.dtype == np.float32
    assert found.shape == shares.shape
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(0), 1, atol=2e-5)


def test_labels_that_are_nowhere_likely_keep_their_proportions():
    shares = of_labels(np.zeros((20, 20), int), 4, sure=0.88)
    shares[2] *= 2
    shares[3] = 0
    found = smooth(shares, np.full((20, 20, 3), 90, np.uint8), 3.0)
    np.testing.assert_allclose(found[2], 2 * found[1], rtol=1e-4)
    assert not found[3].any()


def test_no_strength_changes_nothing():
    shares = of_labels(np.arange(600).reshape(20, 30) % 3, 3)
    np.testing.assert_array_equal(smooth(shares, two_colours(20, 30), 0.0), shares)


def test_order_of_labels_and_the_mirror_do_not_matter():
    rng = np.random.default_rng(5)
    shares = rng.dirichlet(np.ones(4), (24, 32)).transpose(2, 0, 1).astype(np.float32)
    photo = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    found = smooth(shares, photo, 3.0)
    np.testing.assert_allclose(smooth(shares[::-1].copy(), photo, 3.0)[::-1], found, atol=1e-5)
    turned = smooth(np.rot90(shares, 2, (1, 2)).copy(), np.rot90(photo, 2).copy(), 3.0)
    np.testing.assert_allclose(np.rot90(turned, 2, (1, 2)), found, atol=1e-5)  # each neighbour has its opposite
