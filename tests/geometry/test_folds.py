"""Folds between planes are straight lines."""

import numpy as np
from box_rooms import SIZE, BoxRoom

from automask.geometry.planes import planes_of


def test_a_fold_is_straight_even_with_rough_normals():
    """In each row at most two pixels are on the wrong side of the fold between front and side."""
    box = BoxRoom(yaw=35)
    mask = box.which >= 10
    planes = planes_of(mask, box.room(noise=0.25), (0, 0))
    verticals = [here for surface, here in planes if not surface.horizontal][:2]
    true_front = box.which == 11
    front = max(verticals, key=lambda here: int((here & true_front).sum()))
    rows = [y for y in range(SIZE[0]) if true_front[y].sum() > 10 and (mask[y] & ~true_front[y]).sum() > 10]
    rows = [y for y in rows if set(np.unique(box.which[y][mask[y]])) <= {11, 12, 13}]
    assert len(rows) > 20
    wrong = [int((front[y] != true_front[y])[mask[y]].sum()) for y in rows]
    assert max(wrong) <= 2
