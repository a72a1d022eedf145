import functools

import pytest
from batch_jobs import editing, failures_in, pictures, touch, tree

from automask.batches import stale
from automask.batches.find import find_jobs
from automask.batches.mappers import LocalPool
from automask.batches.page import Mark
from automask.batches.run import run_batch
from automask.errors import OutputError, PhotoError
from automask.plan import variants_from
from automask.results.records import read_record

ONE = LocalPool(workers=1)


def batch(source, out, words="wall -> red", *, prune=False, recursive=False, notes=None):
    """Runs all of a source; what the page says of each result, by its name below OUT."""
    found = find_jobs(str(source), out=out, variants=variants_from(words), recursive=recursive)
    made = stale.made_by(found, out)
    say = (lambda _: None) if notes is None else notes.append
    run_batch(
        found.jobs,
        functools.partial(editing),
        ONE,
        out=out,
        refused=found.refused_rows,
        sheets=found.sheets,
        made=made,
        prune=prune,
        on_note=say,
    )
    return {
        path.relative_to(out).as_posix().removesuffix(".run.json"): stale.mark_of(path, read_record(path), out, made)
        for path in stale.records_below(out)
    }


def test_what_is_out_of_date_is_told_apart_on_the_page(tmp_path):
    source, out = pictures(tmp_path / "in", "a.jpg", "b.jpg"), tmp_path / "out"
    assert set(batch(source, out).values()) == {Mark()}
    (source / "b.jpg").unlink()
    batch(pictures(tmp_path / "else", "c.jpg"), out)
    marks = batch(source, out, "wall -> {red, navy}")
    assert {name: mark.stale for name, mark in marks.items()} == {
        **{"red/a": None, "navy/a": None, "a": "plan", "b": "left", "c": "other"}
    }
    page = (out / "index.html").read_text(encoding="utf-8")
    assert all(said in page for said in ("Of an earlier plan", "no longer in the source", "is not in the source of"))


def test_a_result_that_was_changed_by_hand_is_told_on_the_page(tmp_path):
    source, out = pictures(tmp_path / "in", "a.jpg", "b.jpg"), tmp_path / "out"
    batch(source, out)
    (out / "a.jpg").write_bytes((out / "b.jpg").read_bytes() + b"0")
    touch(out / "a.masks", "notes.txt")
    marks = batch(pictures(tmp_path / "else", "c.jpg"), out)
    assert [name for name, mark in marks.items() if mark.changed] == ["a"]
    assert '"changed":true' in (out / "index.html").read_text(encoding="utf-8")


def test_prune_moves_what_the_present_plan_does_not_make_and_deletes_nothing(tmp_path):
    source, out = touch(pictures(tmp_path / "in", "a.jpg", "b.jpg"), "broken.jpg"), tmp_path / "out"
    batch(source, out, "wall -> {red, navy}")
    before = tree(out)
    (source / "broken.jpg").unlink()
    (source / "b.jpg").unlink()
    notes = []
    batch(source, out, "wall -> {red}", prune=True, notes=notes)
    assert notes == [f"3 results that this batch does not make moved into '{out}/.stale'"]
    after = tree(out)
    assert {name.partition("/")[0] for name in after} == {
        ".stale",
        "red",
        "a.variants.jpg",
        "contact-sheet.jpg",
        "index.html",
    }
    lost = {name for name in before if name not in after and f".stale/{name}" not in after}
    assert lost == {"failures.csv"}
    assert all(after[f".stale/{name}"] == data for name, data in before.items() if name.startswith("navy/"))
    assert after["red/a.jpg"] == before["red/a.jpg"]
    assert after["a.variants.jpg"] != before["a.variants.jpg"] == after[".stale/a.variants.jpg"]
    assert not list((out / "red").glob("b*"))


def test_prune_leaves_what_a_person_changed_and_never_writes_over_what_was_moved(tmp_path):
    source, out = pictures(tmp_path / "in", "a.jpg", "b.jpg"), tmp_path / "out"
    batch(source, out)
    (out / "b.masks" / "01-wall.png").write_bytes((out / "a.jpg").read_bytes())
    notes = []
    batch(source, out, "wall -> {navy}", prune=True, notes=notes)
    assert notes[1] == "'b.jpg' is not made by this batch and was changed by hand: it stays"
    assert (out / "b.run.json").is_file()
    batch(source, out)
    batch(source, out, "wall -> {navy}", prune=True)
    assert (out / ".stale" / "a.jpg").is_file()
    assert (out / ".stale" / "2" / "a.jpg").is_file()


def test_a_file_where_results_are_moved_to_is_kept_and_told_in_one_line(tmp_path):
    source, out = pictures(tmp_path / "in", "a.jpg"), tmp_path / "out"
    batch(source, out)
    before = tree(out)
    (out / ".stale").write_bytes(b"mine")
    with pytest.raises(
        OutputError, match=r"^cannot move 'a\.before-after\.jpg' into '.*\.stale': .*; see what is in its way there$"
    ):
        batch(source, out, "wall -> {navy}", prune=True)
    assert tree(out) == before | {".stale": b"mine"}


def test_results_of_an_earlier_out_inside_the_source_are_passed_over_and_counted(tmp_path):
    source = pictures(tmp_path / "in", "a.jpg", "sub/b.jpg", "sub/mine.overlay.png")
    batch(source, source / "first", recursive=True)
    found = find_jobs(str(source), out=tmp_path / "out", variants=variants_from("wall -> red"), recursive=True)
    assert [job.photo.relative_to(source).as_posix() for job in found.jobs] == ["a.jpg", "sub/b.jpg"]
    assert str(found.passed_over) == "passed over 2 results and 6 previews or mask folders of automask"
    pattern = find_jobs(f"{source}/**/*.jpg", out=tmp_path / "out", variants=variants_from("wall -> red"))
    assert (len(pattern.jobs), pattern.passed_over.results) == (2, 2)


def test_results_may_be_edited_again_where_their_own_folder_is_named(tmp_path):
    source = pictures(tmp_path / "in", "x/a.jpg")
    batch(source, tmp_path / "out", recursive=True)
    words = variants_from("wall -> red")
    assert len(find_jobs(str(tmp_path / "out"), out=tmp_path / "o", variants=words, recursive=True).jobs) == 1
    assert len(find_jobs(str(tmp_path / "out" / "x"), out=tmp_path / "o", variants=words).jobs) == 1
    (tmp_path / "out").rename(tmp_path / "holder")
    (tmp_path / "all").mkdir()
    (tmp_path / "holder").rename(tmp_path / "all" / "done")
    with pytest.raises(PhotoError, match=r"passed over 1 result .*: name their own folder to edit results again"):
        find_jobs(str(tmp_path / "all"), out=tmp_path / "o", variants=words, recursive=True)


def test_a_subfolder_that_cannot_be_read_is_a_refused_row(tmp_path, monkeypatch):
    from automask.batches import find

    source, out = pictures(tmp_path / "in", "a.jpg", "locked/b.jpg"), tmp_path / "out"
    walk = find.os.walk

    def walk_to_a_locked_folder(top, onerror=None, **named):
        for place, folders, names in walk(top, **named):
            if place.endswith("locked"):
                onerror(PermissionError(13, "Permission denied", place))
                continue
            yield place, folders, names

    monkeypatch.setattr(find.os, "walk", walk_to_a_locked_folder)
    batch(source, out, recursive=True)
    (row,) = failures_in(out)
    assert (row["photo"], row["reason"]) == (
        "locked",
        "cannot read the folder: Permission denied; check its permissions",
    )
    assert (out / "a.jpg").is_file()
    with pytest.raises(PhotoError, match=r"cannot read the folder .*locked': Permission denied"):
        find_jobs(str(source / "locked"), out=out, variants=variants_from("wall -> red"))
