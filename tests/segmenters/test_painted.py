import numpy as np
import pytest
from PIL import Image

from automask.errors import MaskError, UnknownPhrase
from automask.plan.names import slug
from automask.segmenters.painted import Painted

PHOTO = np.zeros((2, 3, 3), dtype=np.uint8)
LEVELS = np.array([[0, 51, 255], [102, 0, 204]], dtype=np.uint8)


def test_brightness_is_the_heat(tmp_path):
    Image.fromarray(LEVELS).save(tmp_path / "island.png")
    Image.fromarray(255 - LEVELS).save(tmp_path / "black-wall.png")
    heats = Painted(masks=str(tmp_path)).heats(PHOTO, ["island", "black wall"])
    assert heats.dtype == np.float32
    assert np.allclose(heats[0], [[0, 0.2, 1], [0.4, 0, 0.8]])
    assert np.allclose(heats[1], 1 - heats[0])


@pytest.mark.parametrize(
    ("file", "phrase"),
    [
        ("Island.png", " ISLAND"),
        ("cafe-table.png", "café table"),
        ("диван.png", "Диван"),
        ("kokken.png", "Køkken"),
        ("strasse.png", "Straße"),
    ],
)
def test_case_accents_and_other_letters_find_their_file(tmp_path, file, phrase):
    Image.fromarray(LEVELS).save(tmp_path / file)
    assert Painted(masks=str(tmp_path)).heats(PHOTO, [phrase]).max() == 1


def test_the_mask_files_that_automask_writes_are_found_by_the_same_words(tmp_path):
    for phrase in (
        "køkken",
        "диван",
        "a very long name of a thing that stands in the corner of the room by the window",
    ):
        Image.fromarray(LEVELS).save(tmp_path / f"{slug(phrase)}.png")
        assert Painted(masks=str(tmp_path)).heats(PHOTO, [phrase]).max() == 1


@pytest.mark.parametrize("named", ["folder", "mapping"])
def test_one_of_several_is_found_in_the_file_of_all_unless_it_has_its_own(tmp_path, named):
    for name, levels in (("wall-cabinets", LEVELS), ("shelf", 255 - LEVELS)):
        Image.fromarray(levels).save(tmp_path / f"{name}.png")
    files = {path.stem.replace("-", " "): str(path) for path in tmp_path.glob("*.png")}
    painted = Painted(masks=files if named == "mapping" else str(tmp_path))
    assert np.allclose(*painted.heats(PHOTO, ["wall cabinets", "wall cabinet"]))
    assert np.allclose(*painted.heats(PHOTO, ["shelf", "shelves"]))
    assert painted.phrase_for("wall cabinet") is None
    Image.fromarray(255 - LEVELS).save(tmp_path / "wall-cabinet.png")
    painted = Painted(
        masks=files | {"wall cabinet": str(tmp_path / "wall-cabinet.png")} if named == "mapping" else str(tmp_path)
    )
    several, one = painted.heats(PHOTO, ["wall cabinets", "wall cabinet"])
    assert np.allclose(one, 1 - several)


def test_a_mapping_names_the_files(tmp_path):
    Image.fromarray(LEVELS).save(tmp_path / "a.png")
    assert Painted(masks={"Island": str(tmp_path / "a.png")}).heats(PHOTO, ["island"])[0, 0, 2] == 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P"])
def test_every_kind_of_png_is_read(tmp_path, mode):
    Image.fromarray(np.where(LEVELS > 0, 255, 0).astype(np.uint8)).convert(mode).save(tmp_path / "a.png")
    assert np.array_equal(Painted(masks=str(tmp_path)).heats(PHOTO, ["a"])[0], LEVELS > 0)


def test_a_16_bit_mask_is_not_clipped(tmp_path):
    Image.fromarray(LEVELS.astype(np.uint16) * 257).save(tmp_path / "a.png")
    assert np.allclose(Painted(masks=str(tmp_path)).heats(PHOTO, ["a"])[0], LEVELS / 255)


def test_a_phrase_without_a_file_is_unknown_before_the_photo_is_looked_at(tmp_path):
    with pytest.raises(
        UnknownPhrase, match=r"no mask for 'black wall' in .*; put black wall.png or black-wall.png there"
    ):
        Painted(masks=str(tmp_path)).heats(None, ["black wall"])
    with pytest.raises(UnknownPhrase, match=r"no mask for 'sofa'; masks are given for: island, wall"):
        Painted(masks={"island": "a.png", "wall": "b.png"}).heats(None, ["sofa"])


def test_a_mask_of_another_size_is_refused(tmp_path):
    Image.fromarray(LEVELS.T.copy()).save(tmp_path / "a.png")
    with pytest.raises(MaskError, match=r"a.png is 2 x 3, the photo 3 x 2; save the mask at the photo's size"):
        Painted(masks=str(tmp_path)).heats(PHOTO, ["a"])


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(MaskError, match=r"cannot read the mask .*a.png: .*; give a PNG"):
        Painted(masks=str(tmp_path)).heats(PHOTO, ["a"])
