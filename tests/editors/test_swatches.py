import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from automask.editors.swatches import files_named, open_swatch, split_swatch, version_of
from automask.errors import EditorError

words = st.text("abcAB .;'\u00e9", max_size=12)
paths = st.text("abcAB ./\\:_-\u00e9", min_size=1, max_size=20).map(str.strip).filter(bool)


@given(words, st.sampled_from(["swatch:", "Swatch: ", "SWATCH:\t"]), paths)
def test_the_path_is_kept_as_it_is_typed_after_the_words_before_it(before, mark, path):
    assert split_swatch(f"{before} {mark}{path}") == (before.strip(), path)
    assert files_named(f"{before} {mark}{path} ") == (path,)


@given(paths, st.sampled_from("\"'"))
def test_quotes_around_a_path_are_dropped(path, quote):
    assert split_swatch(f"swatch:{quote}{path}{quote}") == ("", path)


@pytest.mark.parametrize(
    ("prompt", "path"), [("swatch:'", "'"), ("swatch:\"a'", "\"a'"), ("swatch:o'a.jpg", "o'a.jpg"), ("swatch:", "")]
)
def test_a_quote_that_closes_nothing_belongs_to_the_path(prompt, path):
    assert split_swatch(prompt) == ("", path)


@pytest.mark.parametrize("prompt", ["", "oak", "swatches:oak.jpg", "myswatch:oak.jpg", "swatch oak.jpg"])
def test_words_without_a_swatch_name_no_file(prompt):
    assert split_swatch(prompt) is None
    assert files_named(prompt) == ()


def test_the_first_mark_counts():
    assert split_swatch("matt swatch:a swatch:b.jpg") == ("matt", "a swatch:b.jpg")


def test_a_version_changes_with_the_file_and_is_the_same_until_then(tmp_path):
    file = tmp_path / "oak.png"
    file.write_bytes(b"12345")
    os.utime(file, ns=(7_000_000_000, 7_000_000_000))
    first = version_of(str(file))
    assert first == version_of(str(file)) == (7_000_000_000, 5)
    file.write_bytes(b"123456")
    os.utime(file, ns=(7_000_000_000, 7_000_000_000))
    longer = version_of(str(file))
    os.utime(file, ns=(9_000_000_000, 9_000_000_000))
    assert len({first, longer, version_of(str(file))}) == 3


@pytest.mark.parametrize("path", ["nowhere.png", "a\0b"])
def test_a_file_that_is_not_there_has_no_version(path, tmp_path):
    assert version_of(str(tmp_path / path)) == (0, 0)


def test_a_picture_is_opened_as_rgb(tmp_path):
    path = tmp_path / "My Oak.png"
    Image.fromarray(np.full((9, 7, 3), (200, 100, 50), np.uint8)).save(path)
    picture = open_swatch(str(path))
    assert (picture.shape, picture.dtype) == ((9, 7, 3), np.uint8)
    assert (picture == (200, 100, 50)).all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (".", "cannot paint with the picture {path!r}: it is a folder; give the path of one picture, as in swatch:"),
        ("gone.png", "cannot paint with the picture {path!r}: there is no file {path!r}"),
        ("words.png", "cannot paint with the picture {path!r}: "),
    ],
)
def test_what_is_no_picture_is_refused_with_its_path_and_a_hint(name, said, tmp_path):
    (tmp_path / "words.png").write_text("words")
    path = str(tmp_path) if name == "." else str(tmp_path / name)
    with pytest.raises(EditorError) as caught:
        open_swatch(path)
    assert str(caught.value).startswith(said.format(path=path))
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_swatch_without_a_name_is_refused():
    with pytest.raises(EditorError, match="cannot paint with the picture '': it has no name; give the path of one"):
        open_swatch("")
