import os
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import outcome, photo_file

from automask.results.claims import journal_of
from automask.results.files import files_of, name_key, same_file, without_folders


@pytest.mark.parametrize(
    ("photo", "name", "result", "companion"),
    [
        ("kitchen.jpg", None, "kitchen.jpg", "kitchen"),
        ("kitchen.png", "kitchen.png", "kitchen.png", "kitchen.png"),
        ("kitchen.png", "kitchen-2", "kitchen-2.png", "kitchen-2"),
        ("a.b.JPG", None, "a.b.JPG", "a.b"),
        ("[1], x=y.jpg", None, "[1], x=y.jpg", "[1], x=y"),
        ("noend", None, "noend", "noend"),
    ],
)
def test_names_of_result_and_companions(tmp_path, photo, name, result, companion):
    files = files_of(photo, tmp_path, name)
    assert files.result == tmp_path / result
    assert files.masks == tmp_path / f"{companion}.masks"
    assert files.before_after == tmp_path / f"{companion}.before-after.jpg"
    assert files.record == tmp_path / f"{companion}.run.json"


@pytest.mark.parametrize("stem", ["a" * 251, "\u00fc" * 125, "\u53f0" * 83, "a" * 240 + ".b c d e"])
@pytest.mark.parametrize("name", [None, "stem", "whole", "numbered"])
def test_names_that_are_too_long_are_shortened_alike_and_differ_where_they_did(stem, name):
    own = {None: None, "stem": stem, "whole": f"{stem}.jpg", "numbered": f"{stem}-2"}[name]
    files = files_of(f"{stem}.jpg", Path("out"), own)
    names = [getattr(files, field.name).name for field in fields(files)]
    assert max(len(os.fsencode(each)) for each in [*names, journal_of(files).name]) <= 255
    assert files.result.suffix == ".jpg"
    prefix = files.record.name.removesuffix(".run.json")
    assert files_of(f"{stem}.jpg", Path("out"), prefix) == files  # as a record's name is read back
    assert files_of(f"{stem[:-1]}b.jpg", Path("out")).record != files_of(f"{stem}.jpg", Path("out")).record
    assert files.result.name.startswith(stem[:70])


def test_a_photo_of_a_long_name_is_written_and_that_is_said_and_written_again(tmp_path):
    path = photo_file(tmp_path / "in", f"{'k' * 250}.png")
    saved = [outcome(path).save(tmp_path / "out") for _ in range(2)]
    assert saved[0].result == saved[1].result
    assert saved[0].result.is_file()
    said = f"its name is too long for the files beside it: written as {saved[0].result.name!r}"
    assert all(said in one.recorded["notes"] for one in saved)
    assert not list((tmp_path / "out").glob(".automask*"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.jpg", "A.JPG"),
        ("K\u00fcche", "KU\u0308CHE"),
        ("\u00c5", "\u212b"),
        ("\u03b1\u0345\u0313", "\u1f80"),
        ("out/Bath", Path("OUT", "bath")),
    ],
    ids=ascii,
)
def test_names_that_some_system_takes_for_one_have_one_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("a.jpg", "a.jpeg"), ("u", "\u00fc"), ("a-2", "a_2"), ("x/a", "y/a")])
def test_names_that_every_system_tells_apart_have_their_own_keys(one, other):
    assert name_key(one) != name_key(other)


@given(st.text())
def test_a_key_is_its_own_key(name):
    assert name_key(name_key(name)) == name_key(name)


def test_two_paths_lead_to_one_file_whether_it_exists_or_not(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    (tmp_path / "there" / "a.jpg").touch()
    for name in ("a.jpg", "later.jpg"):
        assert same_file(tmp_path / "there" / name, tmp_path / "link" / ".." / "link" / name)
    assert not same_file(tmp_path / "there" / "a.jpg", tmp_path / "there" / "later.jpg")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("cannot read '/home/ann/flat/a.jpg': gone", "cannot read 'a.jpg': gone"),
        ("no '01-island.png' in 'C:\\Users\\ann\\masks'", "no '01-island.png' in 'masks'"),
        ("swatch:/home/ann/my oak.jpg", "swatch:my oak.jpg"),
        ("wall -> swatch:/a/oak.jpg; floor -> white", "wall -> swatch:oak.jpg; floor -> white"),
        ('wall -> swatch:"/a/o;k.jpg"', 'wall -> swatch:"o;k.jpg"'),
        ("swatch:~/oak.jpg", "swatch:oak.jpg"),
        ("swatch:D:\\pictures\\oak.jpg", "swatch:oak.jpg"),
        ("swatch:samples/oak.jpg", "swatch:samples/oak.jpg"),
        ("black/white tiles, 60/40", "black/white tiles, 60/40"),
    ],
)
def test_absolute_paths_are_cut_to_names(said, shown):
    assert without_folders(said) == shown
