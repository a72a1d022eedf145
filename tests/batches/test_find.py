import csv
from pathlib import Path

import pytest
from batch_jobs import ODD, PLAN, found, listed, photos, results, touch
from hypothesis import given, settings
from hypothesis import strategies as st

from automask.batches import find
from automask.errors import PhotoError, UsageError
from automask.plan import parse_plan
from automask.results.files import files_of, name_key

# -------------------------------------------------------------------------------------------------- folder, glob


def test_a_folders_photos_come_in_natural_order(tmp_path):
    touch(tmp_path / "in", "10.jpg", "2.jpg", "B.png", "a.JPG", "notes.txt", ".hidden.jpg", "._2.jpg")
    jobs = found(tmp_path / "in", tmp_path / "out").jobs
    assert photos(jobs, tmp_path / "in") == ["2.jpg", "10.jpg", "a.JPG", "B.png"]
    assert {job.plan for job in jobs} == {PLAN}
    assert {job.out for job in jobs} == {tmp_path / "out"}


def test_subfolders_are_read_on_request_and_mirrored(tmp_path):
    touch(tmp_path / "in", "b.jpg", "12 Oak [sold]/a.jpg", "12 Oak [sold]/bath/a.jpg", ".git/a.jpg")
    assert photos(found(tmp_path / "in", tmp_path / "out").jobs, tmp_path / "in") == ["b.jpg"]
    jobs = found(tmp_path / "in", tmp_path / "out", recursive=True).jobs
    assert results(jobs, tmp_path / "out") == ["b.jpg", "12 Oak [sold]/a.jpg", "12 Oak [sold]/bath/a.jpg"]


def test_odd_names_are_found_and_keep_their_names(tmp_path):
    touch(tmp_path / "in", *ODD)
    jobs = found(tmp_path / "in", tmp_path / "out").jobs
    assert sorted(results(jobs, tmp_path / "out")) == sorted(ODD)
    assert found(tmp_path / "in" / "*", tmp_path / "out").jobs == jobs


@pytest.mark.parametrize("suffix", [".mpo", ".dib", ".avifs", ".MPO"])
def test_every_ending_that_edit_takes_is_a_batch_s_too(tmp_path, suffix):
    touch(tmp_path / "in", f"a{suffix}")
    assert photos(found(tmp_path / "in", tmp_path / "out").jobs, tmp_path / "in") == [f"a{suffix}"]


def test_a_folder_and_a_csvs_photos_are_found_in_either_form_of_their_letters(tmp_path):
    composed, decomposed = "K\u00fcche", "Ku\u0308che"
    touch(tmp_path, f"{decomposed}/{decomposed}.jpg")
    (job,) = found(tmp_path / composed, tmp_path / "out").jobs
    assert job.photo == tmp_path / decomposed / f"{decomposed}.jpg"
    listed = tmp_path / decomposed / "list.csv"
    listed.write_text(f"photo,edits\n{composed}.jpg,cabinets -> white\n", encoding="utf-8")
    assert found(tmp_path / composed / "list.csv", tmp_path / "out").jobs[0].photo == job.photo


def test_a_file_whose_name_looks_like_a_glob_is_itself(tmp_path):
    touch(tmp_path, "[1].csv", "1.csv").joinpath("[1].csv").write_text("photo,edits\n[1].jpg,\n")
    touch(tmp_path, "[1].jpg", "1.jpg")
    assert photos(found(tmp_path / "[1].csv", tmp_path / "out").jobs, tmp_path) == ["[1].jpg"]


def test_out_inside_the_source_is_not_read_again(tmp_path):
    touch(tmp_path, "a.jpg", "out/a.jpg", "out/sub/a.jpg", "other/b.jpg")
    assert photos(found(tmp_path, tmp_path / "out", recursive=True).jobs, tmp_path) == ["a.jpg", "other/b.jpg"]
    assert photos(found(tmp_path / "**" / "*.jpg", tmp_path / "out").jobs, tmp_path) == ["a.jpg", "other/b.jpg"]


def test_a_source_inside_out_is_read(tmp_path):
    touch(tmp_path, "in/a.jpg")
    assert results(found(tmp_path / "in", tmp_path).jobs, tmp_path) == ["a.jpg"]


def test_previews_that_automask_wrote_are_not_photos(tmp_path):
    touch(tmp_path / "in", "a.jpg", "a.before-after.jpg", "a.overlay.png", "a.masks/01-x.png", "contact-sheet.jpg")
    touch(tmp_path / "in", "a.variants.jpg", "contact-sheet-2.jpg", "my contact-sheet.jpg")
    jobs = found(tmp_path / "in", tmp_path / "out", recursive=True).jobs
    assert photos(jobs, tmp_path / "in") == ["a.jpg", "my contact-sheet.jpg"]


def test_photos_that_share_a_stem_use_their_full_names(tmp_path):
    touch(tmp_path / "in", "kitchen.jpg", "kitchen.png", "bath.jpg")
    jobs = found(tmp_path / "in", tmp_path / "out").jobs
    assert [job.name for job in jobs] == ["bath", "kitchen.jpg", "kitchen.png"]
    assert results(jobs, tmp_path / "out") == ["bath.jpg", "kitchen.jpg", "kitchen.png"]


# Pairs that some system takes for one: case, an accent in one character or two, and what case folding makes longer.
stems = st.lists(
    st.sampled_from(["a", "A", "b", ".", "-2", "\u00e9", "e\u0301", "E\u0301", "\u00df", "ss"]), max_size=4
)
names = st.builds(lambda stem, end: f"x{''.join(stem)}{end}", stems, st.sampled_from([".jpg", ".JPG", ".png"]))


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(names, max_size=12))
def test_no_two_jobs_ever_write_the_same_file_on_any_system(names):
    given_names = find.result_names(names)
    prefixes = find.companion_prefixes(given_names)
    files = [files_of(name, Path("out"), prefix) for name, prefix in zip(names, prefixes, strict=True)]
    assert [file.result.name for file in files] == given_names
    for field in ("result", "masks", "before_after", "record"):
        assert len({name_key(getattr(file, field)) for file in files}) == len(names)
    keys = [name_key(name) for name in names]
    for index, (result, name) in enumerate(zip(given_names, names, strict=True)):
        assert (result == name) == (keys.index(keys[index]) == index)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder with every photo that the rows of the next test may name."""
    folder = tmp_path_factory.mktemp("many")
    return touch(folder, *ROWS)


ROWS = [
    f"{place}{name}"
    for place in ("", "x/", "X/", "oak/", "Oak/", "\u00e9/", "e\u0301/")
    for name in ("a.jpg", "A.JPG", "A.png", "a.before-after.jpg", "A.Original.jpg", "oak.jpg")
]


@settings(deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from(ROWS), st.booleans()), min_size=1, max_size=10), deep=st.booleans())
def test_results_that_some_system_takes_for_one_are_told_apart_or_refused(many, tmp_path_factory, rows, deep):
    listed = many / "list.csv"
    lines = [f'{name},"a -> {{red, oak}}"' if varied else f"{name},a -> red" for name, varied in rows]
    listed.write_text("photo,edits\n" + "\n".join(lines) + "\n", encoding="utf-8")
    both = found(listed, many / "out", recursive=deep)
    assert len(both.jobs) + len(both.refused) == sum(1 + varied for _, varied in rows)
    files = [files_of(job.photo.name, job.out, job.name) for job in both.jobs]
    written = [
        {name_key(getattr(file, field)) for field in ("result", "masks", "before_after", "original", "record")}
        for file in files
    ]
    assert len(set().union(*written)) == sum(map(len, written))
    assert all("its result would overwrite the one of" in reason for _, reason in both.refused)


def test_names_that_differ_only_in_case_are_numbered_as_if_they_were_the_same(tmp_path):
    text = "photo,edits\nx/a.jpg,\ny/A.JPG,\nz/K\u00fcche.png,\nz/KU\u0308CHE.png,\nz/b.jpg,\n"
    path = listed(tmp_path, text, *(line.rstrip(",") for line in text.splitlines()[1:]))
    out = tmp_path / "out"
    assert results(found(path, out).jobs, out) == ["a.jpg", "A-2.JPG", "K\u00fcche.png", "KU\u0308CHE-2.png", "b.jpg"]


def test_folders_that_differ_only_in_case_share_their_numbers(tmp_path):
    touch(tmp_path / "in", "Bath/a.jpg", "bath/A.jpg", "bath/b.jpg")
    if len(list((tmp_path / "in").iterdir())) < 2:
        pytest.skip("this system takes both folders for one")
    jobs = found(tmp_path / "in", tmp_path / "out", recursive=True).jobs
    assert sorted(results(jobs, tmp_path / "out")) == ["Bath/a.jpg", "bath/A-2.jpg", "bath/b.jpg"]


def test_a_stem_that_differs_only_in_case_is_shared(tmp_path):
    touch(tmp_path / "in", "kitchen.jpg", "Kitchen.png")
    jobs = found(tmp_path / "in", tmp_path / "out").jobs
    assert [job.name for job in jobs] == ["kitchen.jpg", "Kitchen.png"]


def test_out_beside_the_source_may_have_its_name_in_another_case(tmp_path):
    touch(tmp_path, "photos/a.jpg", "Photos/b.jpg")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this system takes both folders for one")
    assert results(found(tmp_path / "photos", tmp_path / "Photos").jobs, tmp_path) == ["Photos/a.jpg"]


def test_a_globs_photos_are_mirrored_below_its_literal_beginning(tmp_path):
    touch(tmp_path / "[a]", "x/1.jpg", "y/1.jpg", "y/2.txt", "z.jpg")
    jobs = found(tmp_path / "[a]" / "*" / "*", tmp_path / "out").jobs
    assert results(jobs, tmp_path / "out") == ["x/1.jpg", "y/1.jpg"]


def test_a_link_that_leads_nowhere_is_refused_with_its_reason(tmp_path):
    touch(tmp_path / "in", "a.jpg")
    (tmp_path / "in" / "b.jpg").symlink_to("gone.jpg")
    both = found(tmp_path / "in", tmp_path / "out")
    assert photos(both.jobs, tmp_path / "in") == ["a.jpg"]
    assert both.refused == ((str(tmp_path / "in" / "b.jpg"), "a broken link; fix or remove it"),)


def test_a_result_that_would_overwrite_a_photo_is_refused(tmp_path):
    touch(tmp_path, "in/a.jpg", "in/b/a.jpg")
    listed = tmp_path / "list.csv"
    listed.write_text("photo,edits\nin/a.jpg,\nin/b/a.jpg,\n")
    both = found(listed, tmp_path / "in")
    assert [job.name for job in both.jobs] == ["a-2"]
    assert "would overwrite the photo" in both.refused[0][1]


@pytest.mark.parametrize("source", ["in", "in/*.jpg"])
def test_a_source_without_photos_names_what_is_taken(tmp_path, source):
    touch(tmp_path / "in", "notes.txt")
    with pytest.raises(PhotoError, match=r"no photos in .*; photos end in .*\.jpg") as caught:
        found(tmp_path / source, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_an_empty_folder_points_at_its_subfolders(tmp_path):
    touch(tmp_path / "in", "sub/a.jpg")
    with pytest.raises(PhotoError, match="--recursive looks in subfolders too"):
        found(tmp_path / "in", tmp_path / "out")


def test_a_source_that_is_not_there_names_the_nearest(tmp_path):
    touch(tmp_path, "listing/a.jpg")
    with pytest.raises(PhotoError, match=r"there is no folder or file .*listng'; did you mean .*listing'\?"):
        found(tmp_path / "listng", tmp_path / "out")
    with pytest.raises(PhotoError, match=r"there is no folder '.*gone' either"):
        found(tmp_path / "gone" / "deeper", tmp_path / "out")


def test_one_photo_is_for_edit(tmp_path):
    touch(tmp_path, "[1].jpg", "notes.txt")
    with pytest.raises(UsageError, match=r"is one photo; use: automask edit .*\[1\]\.jpg"):
        found(tmp_path / "[1].jpg", tmp_path / "out")
    with pytest.raises(UsageError, match=r"is not a folder, a glob or a CSV; a CSV's name ends in \.csv"):
        found(tmp_path / "notes.txt", tmp_path / "out")


def test_source_and_out_must_differ(tmp_path):
    touch(tmp_path / "in", "a.jpg")
    for source in (tmp_path / "in", tmp_path / "in" / "*.jpg"):
        with pytest.raises(UsageError, match="is both SOURCE and OUT; name another folder"):
            found(source, tmp_path / "in" / ".." / "in")


def test_photos_without_edits_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no edits for the photos"):
        found(touch(tmp_path / "in", "a.jpg"), tmp_path / "out", plan=None)


# -------------------------------------------------------------------------------------------------- CSV


@pytest.mark.parametrize(
    "text",
    [
        'photo,edits\na.jpg,"island, wall -> oak; rug -> red"\nb.jpg,\n',
        '\ufeffPhoto,Edits\r\na.jpg,"island, wall -> oak; rug -> red"\r\n\r\nb.jpg\r\n',
        'photo;edits\na.jpg;"island, wall -> oak; rug -> red"\nb.jpg;\n',
        'sep=;\r\nphoto;edits;\r\na.jpg;"island, wall -> oak; rug -> red";\r\nb.jpg;;\r\n',
        "address\tedits\tphoto\n12 Oak\tisland, wall -> oak; rug -> red\ta.jpg\n\t\t\n12 Oak\t\tb.jpg\n",
    ],
)
def test_spreadsheets_of_every_habit_are_read(tmp_path, text):
    both = found(listed(tmp_path, text, "a.jpg", "b.jpg"), tmp_path / "out")
    assert both.refused == ()
    assert [(job.photo.name, job.plan) for job in both.jobs] == [
        ("a.jpg", parse_plan("island, wall -> oak; rug -> red")),
        ("b.jpg", PLAN),
    ]


def test_rows_keep_their_order_and_a_photo_that_comes_twice_is_numbered(tmp_path):
    text = "photo,edits\nb.jpg,a -> red\na.jpg,a -> red\nb.jpg,a -> blue\nb.jpg,a -> green\n"
    jobs = found(listed(tmp_path, text, "a.jpg", "b.jpg", "b-2.jpg"), tmp_path / "out").jobs
    assert results(jobs, tmp_path / "out") == ["b.jpg", "a.jpg", "b-2.jpg", "b-3.jpg"]
    text += "b-2.jpg,a -> red\n"
    jobs = found(listed(tmp_path, text), tmp_path / "out").jobs
    assert results(jobs, tmp_path / "out") == ["b.jpg", "a.jpg", "b-3.jpg", "b-4.jpg", "b-2.jpg"]


def test_a_csvs_photos_are_flat_in_out_and_mirrored_on_request(tmp_path):
    path = listed(
        tmp_path / "lists", "photo,edits\nx/a.jpg,\ny/a.jpg,\n../z/c.jpg,\n", "x/a.jpg", "y/a.jpg", "../z/c.jpg"
    )
    out = tmp_path / "out"
    assert results(found(path, out).jobs, out) == ["a.jpg", "a-2.jpg", "c.jpg"]
    assert results(found(path, out, recursive=True).jobs, out) == ["x/a.jpg", "y/a.jpg", "c.jpg"]


def test_odd_names_survive_a_csv(tmp_path):
    path = tmp_path / "list.csv"
    touch(tmp_path, *ODD)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("photo", "edits"), *((name, "wall -> red") for name in ODD)])
    assert results(found(path, tmp_path / "out", plan=None).jobs, tmp_path / "out") == ODD


def test_rows_that_cannot_be_done_are_refused_alone_with_number_and_reason(tmp_path):
    text = "photo,edits\na.jpg,wall - red\nb.jpgg,wall -> red\n,wall -> red\nb.jpg,\nb.jpg,wall -> red,rug\n"
    text += "notes.txt,a -> b\nb.jpg,w -> red\nsomething else.png,w -> red\n"
    both = found(listed(tmp_path, text, "a.jpg", "b.jpg", "notes.txt"), tmp_path / "out", plan=None)
    assert [job.photo.name for job in both.jobs] == ["b.jpg"]
    reasons = [reason for _, reason in both.refused]
    assert reasons[0].startswith("row 2: line 1, column")
    assert "row 3: there is no file" in reasons[1]
    assert "did you mean" in reasons[1]
    assert reasons[2] == "row 4: no photo; name one in the column photo"
    assert reasons[3] == "row 5: no edits, and none for all photos; fill the cell, or give EDITS for the empty ones"
    assert reasons[4] == "row 6: more cells than columns; put double quotes around edits that hold the separator"
    assert "row 7: 'notes.txt' is not a photo by its ending" in reasons[5]
    assert reasons[6].endswith("something else.png'; fix its name")
    assert not any("\n" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"photos,edit\na.jpg,x -> y\n",
            "has no columns photo and edits: its first line is 'photos,edit'; let the first",
        ),
        (b"", "has no columns photo and edits"),
        (b"photo,edits\n\n", "has no rows below its header"),
        ("photo,edits\nKüche.jpg,x -> y\n".encode("latin-1"), "is not UTF-8; save it as 'CSV UTF-8'"),
        (b'photo,edits\na.jpg,"rug" -> red\n', "line 2: .*; put a cell that holds double quotes"),
    ],
)
def test_an_unreadable_csv_is_reported_in_one_line(tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        found(path, tmp_path / "out")
    assert "\n" not in str(caught.value)
