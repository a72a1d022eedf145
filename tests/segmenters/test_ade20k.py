import pytest

from automask.errors import UnknownPhrase
from automask.segmenters.ade20k import _LABELS, SURFACES, RoomLabels
from automask.segmenters.vocabulary import Vocabulary
from automask.testing.rooms import ADE20K_LABELS

# As facebook/mask2former-*-ade-* and others name them.
OTHER_NAMES = {
    "windowpane": "window ",
    "cabinet": "cabinet",
    "wardrobe": "wardrobe, closet, press",
    "bathtub": "tub",
    "apparel": "clothes",
    "ashcan": "trash can",
    "television receiver": "tv",
    "ottoman": "ottoman, pouf, pouffe, puff, hassock",
    "toilet": "toilet, can, commode, crapper, pot, potty, stool, throne",
    "rug": "rug;carpet;carpeting",
}


@pytest.fixture(scope="module")
def labels():
    return RoomLabels(ADE20K_LABELS, Vocabulary.packaged())


def names_of(labels, text):
    return [labels.names[index] for index in labels.labels_of[labels.read(text)]]


def test_every_label_of_the_table_is_one_of_ade20k():
    assert len(ADE20K_LABELS) == len({*ADE20K_LABELS}) == 150
    assert {label for named in _LABELS.values() for label in named} <= {*ADE20K_LABELS}
    assert {*ADE20K_LABELS} >= SURFACES


def test_every_phrase_of_the_table_is_one_of_the_starter_s():
    assert {*_LABELS} <= {*Vocabulary.packaged().leaves_of}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("island", ["kitchen island"]),
        ("the old cabnets", ["cabinet"]),
        ("worktops", ["countertop", "counter"]),
        ("window", ["windowpane"]),
        ("couches", ["sofa"]),
        ("chairs", ["chair", "swivel chair", "armchair"]),
        ("swivel chair", ["swivel chair"]),
        ("tables", ["table", "coffee table"]),
        ("pictures", ["painting", "poster"]),
        ("wardrobe", ["wardrobe"]),
        ("pool tables", ["pool table"]),
        ("tree", ["tree"]),
        ("flags", ["flag"]),
        ("stools", ["stool"]),
    ],
)
def test_a_text_means_the_labels_that_it_names(labels, text, names):
    assert names_of(labels, text) == names


def test_the_same_labels_under_other_names_mean_the_same(labels):
    renamed = RoomLabels([OTHER_NAMES.get(name, name) for name in ADE20K_LABELS], Vocabulary.packaged())
    assert renamed.names == labels.names
    assert renamed.labels_of == labels.labels_of


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("base cabinets", "nearest: cabinets"),
        ("accent wall", "nearest: wall"),
        ("island countertop", "nearest: kitchen island, countertop"),
        ("faucet", "nearest: "),
        ("yacht", "nearest: "),
    ],
)
def test_what_has_no_label_is_refused_with_what_comes_near(labels, text, near):
    with pytest.raises(UnknownPhrase) as caught:
        labels.read(text)
    assert str(caught.value).startswith(f"the 150 labels of ADE20K have no {text!r}; {near}")
    assert labels.find(text) is None


def test_a_carpet_is_either_of_two(labels):
    assert labels.either(labels.read("carpet")) == ("rug", "floor")
    assert labels.either("sofa") is None
