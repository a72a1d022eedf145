from batch_jobs import editing, found, pictures, touch
from drawing import room

from automask.batches import sheets
from automask.batches.mappers import LocalPool
from automask.batches.run import run_batch


def test_the_contact_sheet_has_pages_and_a_shorter_batch_removes_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "CELLS_PER_PAGE", 2)
    out = tmp_path / "out"
    jobs = found(pictures(tmp_path / "in", "a.jpg", "b.jpg", "c.jpg"), out).jobs
    run_batch(jobs, editing, LocalPool(workers=1), out=out)
    pages = sheets.write_contact_sheet(out, [("d.jpg", "broken"), ("e.jpg", "broken")])
    assert [page.name for page in pages] == ["contact-sheet.jpg", "contact-sheet-2.jpg", "contact-sheet-3.jpg"]
    touch(out, "contact-sheet-of-mine.jpg")
    sheets.write_contact_sheet(out)
    assert sorted(path.name for path in out.glob("contact-sheet*")) == [
        "contact-sheet-2.jpg",
        "contact-sheet-of-mine.jpg",
        "contact-sheet.jpg",
    ]


def test_of_very_many_failures_the_first_are_drawn_and_the_rest_counted(tmp_path, monkeypatch):
    drawn = []

    def watched(cells, **shown):
        drawn.extend(1 for _ in cells)
        return room(30, 40)

    monkeypatch.setattr(sheets, "contact_sheet", watched)
    monkeypatch.setattr(sheets, "text_cell", lambda *_, **__: ("", room(30, 40)))
    sheets.write_contact_sheet(tmp_path, [(f"{number}.jpg", "gone") for number in range(100_000)])
    assert len(drawn) == sheets.FAILURES_SHOWN + 1
    assert len(list(tmp_path.glob("contact-sheet*.jpg"))) == 4


def test_a_picture_that_cannot_be_read_is_a_cell_with_the_reason(tmp_path):
    touch(tmp_path, "a.before-after.jpg", "a.run.json")
    assert sheets.write_contact_sheet(tmp_path) == (tmp_path / "contact-sheet.jpg",)
