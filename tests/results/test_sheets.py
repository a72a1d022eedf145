from dataclasses import replace

import cv2
import numpy as np
import pytest
from regions import block, region, room, step

from automask.results import previews, sheets
from automask.types import Candidate


def test_a_contact_sheet_takes_pictures_from_a_generator_and_breaks_them_into_rows():
    cells = ((f"{n}.jpg", room(50, 80)) for n in range(7))
    sheet = sheets.contact_sheet(cells, columns=3, cell_px=80)
    one_row = sheets.contact_sheet([("0.jpg", room(50, 80))] * 3, columns=3, cell_px=80)
    assert sheet.shape[1] == one_row.shape[1]
    assert sheet.shape[0] > 2.5 * 50


def test_an_empty_contact_sheet_is_a_blank_sheet():
    assert sheets.contact_sheet([]).ndim == 3


def with_candidates(target, prompt, count, chosen, seam=0.1):
    many = tuple(
        Candidate(
            seed=number,
            chosen=number == chosen,
            scores=(("leak", 0.0), ("seam", seam * number)),
            picture=np.full((60, 90, 3), 40 * number, np.uint8),
        )
        for number in range(count)
    )
    return replace(step(target, prompt), candidates=many)


def frames(sheet):
    """(y, x) of the middle of every frame on a sheet."""
    found = (sheet == previews.COLOURS[4]).all(2)
    count, _, _, centres = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    return [tuple(centre[::-1]) for centre in centres[1:count]]


def test_a_candidates_sheet_has_a_row_for_each_edit_and_frames_the_kept_one_of_each():
    edits = [with_candidates("island", "marble", 3, 1), with_candidates("wall", "navy", 2, 0)]
    one, two = (sheets.candidates_sheet(edits[:count], cell_px=200) for count in (1, 2))
    assert two.shape[1] == one.shape[1]  # the second has fewer, its row is as wide
    assert two.shape[0] > 1.8 * one.shape[0]
    (first,), (same, second) = frames(one), frames(two)
    assert first == same
    assert 200 < first[1] < 400  # the second column
    assert second[1] < 200
    assert second[0] > one.shape[0]


def test_a_frame_covers_nothing_of_the_candidate():
    sheet = sheets.candidates_sheet([with_candidates("island", "marble", 2, 1)], cell_px=200)
    assert (sheet == 40).all(2).sum() >= 60 * 90


def test_the_scores_of_a_candidate_are_in_its_caption():
    edit, worse = (with_candidates("island", "marble", 2, 0, seam=seam) for seam in (0.1, 0.8))
    assert not np.array_equal(sheets.candidates_sheet([edit]), sheets.candidates_sheet([worse]))


def test_a_declined_candidate_is_on_the_sheet_with_its_reason():
    declined = Candidate(seed=1, chosen=False, reason="the safety checker flagged it")
    edit = with_candidates("island", "marble", 2, 0)
    sheet = sheets.candidates_sheet([replace(edit, candidates=(*edit.candidates, declined))], cell_px=200)
    assert sheet.shape[1] > 3 * 200
    plate = (sheet == (236, 234, 230)).all(2)  # what a reason is written on
    assert plate[:, 3 * 200 :].mean() > 0
    assert not plate[:, :400].any()


def test_a_candidates_sheet_without_candidates_is_blank():
    for edits in ([], [step("island", "red")]):
        assert len(np.unique(sheets.candidates_sheet(edits).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize(
    "text", ["Küche [1], 12 Oak St=ok.jpg", "кухня.jpg", "台所 🛋.jpg", "", "a" * 400, "\u0301\n\t"]
)
def test_any_text_can_be_a_caption(text):
    sheets.contact_sheet([(text, room()), sheets.text_cell(text, text)])
    previews.overlay(room(), [region(text or "x", block(0, 9, 0, 9))])
