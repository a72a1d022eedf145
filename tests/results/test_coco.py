import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from regions import block

from automask.errors import MaskError
from automask.results import coco

masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40))


@given(masks)
@settings(max_examples=150, deadline=None)
def test_run_lengths_are_those_of_pycocotools(hard):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pycocotools = pytest.importorskip("pycocotools.mask")
    theirs = pycocotools.encode(np.asfortranarray(hard.astype(np.uint8)))
    ours = coco.coco_rle(hard)
    assert ours == {"size": list(theirs["size"]), "counts": theirs["counts"].decode("ascii")}


@given(masks)
@settings(max_examples=100, deadline=None)
def test_run_lengths_give_the_mask_back(hard):
    assert np.array_equal(coco.coco_hard(coco.coco_rle(hard)), hard)


def test_long_runs_survive_too():
    hard = np.zeros((3000, 2000), bool)
    hard[1000:2500, 700:1900] = True
    assert np.array_equal(coco.coco_hard(coco.coco_rle(hard)), hard)


def test_damaged_run_lengths_are_refused():
    rle = coco.coco_rle(block(1, 5, 1, 5))
    with pytest.raises(MaskError, match="add up to"):
        coco.coco_hard({**rle, "counts": rle["counts"][:-1]})
