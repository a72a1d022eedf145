import csv
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

import numpy as np
import pytest
from browser import address, browsing, chromium
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from automask import fingerprint
from automask.batches import sheets
from automask.batches.find import find_jobs
from automask.batches.mappers import LocalPool
from automask.batches.page import page, page_in, write_page
from automask.batches.resume import is_done
from automask.batches.run import run_batch
from automask.images import open_photo, write_picture
from automask.plan import parse_plan, variants_from
from automask.results.outcome import Outcome
from automask.results.previews import before_after, split_layout
from automask.results.records import run_record
from automask.types import JobReport, Region, Step

PLAN = parse_plan("wall -> red; yacht -> gold")
ODD = ['a "b"', "it's", "<b>", "1#2", "100%41 ?", "a:b", "台所", "&amp;", "[1]", "\\"]
HOSTILE = "</script><img src=x onerror=alert(1)><!--"

needs_chromium = pytest.mark.skipif(chromium() is None, reason="needs Chromium on PATH, or CHROME_BIN")


def step(**changes):
    values = {
        "targets": ["wall"],
        "read_as": ["wall"],
        "prompt": "red",
        "seed": 1,
        "found": True,
        "missing": [],
        "peak": 0.9,
        "expected_iou": 0.9,
        "boxes": [],
        "area_px": 100,
        "reason": None,
    }
    return {**values, **changes}


def record(photo="a.jpg", *steps, **changes):
    values = {"schema": 1, "photo": photo, "size_wh": [30, 20], "seed": 7, "steps": [*steps], "notes": []}
    return {**values, **changes}


class Page(html.parser.HTMLParser):
    """What a page holds: its tags in order, the text of each style and script, and the data."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.inside = [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.cdata_elem:
            tag, attrs = self.tags[-1]
            self.inside[attrs.get("id", tag)] = self.inside.get(attrs.get("id", tag), "") + data

    @property
    def data(self):
        return json.loads(self.inside["data"])

    @property
    def cards(self):
        return self.data["cards"]


def links(card):
    found = [card[name] for name in ("picture", "result", "full", "record") if card.get(name)]
    return found + [row["mask"] for row in card["steps"] if row["mask"]]


def edit_one(job):
    """A small edit through the real writers: half is painted, and one target is not there."""
    photo = open_photo(job.photo)
    digest = fingerprint.job_digest(photo.digest, job.plan, {})
    if is_done(job, digest):
        return JobReport(job, "skipped")
    hard = np.zeros(photo.rgb.shape[:2], bool)
    hard[: len(hard) // 2] = True
    image = photo.rgb.copy()
    image[hard] = (200, 0, 0)
    no = np.zeros_like(hard)
    steps = (
        Step(("wall",), ("wall",), "red", 1, True, (), 1.0, (), int(hard.sum()), None, expected_iou=0.9),
        Step(
            ("yacht",),
            ("boat",),
            "gold",
            2,
            False,
            ("yacht",),
            0.04,
            (),
            0,
            "no 'yacht' was found (heat 0.04, 0.35 is needed)",
        ),
    )[: 1 if "whole" in job.photo.name else 2]
    regions = (Region("wall", True, hard, hard.astype(np.float32), (), 0.9),)
    regions += (Region("yacht", False, no, no.astype(np.float32), (), 0.04),) * (len(steps) - 1)
    made = run_record(photo, job.plan, steps, digest=digest, timing={"paint_s": os.getpid() / 7})
    saved = Outcome(image, steps, made, regions, photo, job.plan).save(job.out, name=job.name)
    return JobReport(job, "done", record=saved.recorded)


def make_worker():
    return edit_one


def done_batch(folder, *names, size_wh=(36, 24)):
    """A folder of results as a batch leaves it."""
    for index, name in enumerate(names):
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if "broken" in name:
            path.write_bytes(b"no picture")
        else:
            Image.new("RGB", size_wh, (40 + index, 90, 90)).save(path)
    found = find_jobs(str(folder / "in"), out=folder / "out", variants=variants_from(PLAN), recursive=True)
    run_batch(found.jobs, make_worker, LocalPool(workers=1), out=folder / "out", refused=found.refused_rows)
    return folder / "out"


# --------------------------------------------------------------------------------------------------------- what it says


def test_every_photo_and_every_failure_has_a_card_in_its_folder(tmp_path):
    out = done_batch(tmp_path, "10.jpg", "2 whole.jpg", "oak/a.jpg", "oak/broken.jpg", "broken.png")
    shown = Page((out / "index.html").read_text(encoding="utf-8"))
    assert [(card["folder"], card["name"], card["status"]) for card in shown.cards] == [
        ("", "2 whole.jpg", "done"),
        ("", "10.jpg", "skipped"),
        ("", "broken.png", "failed"),
        ("oak", "a.jpg", "skipped"),
        ("oak", "broken.jpg", "failed"),
    ]
    assert shown.data["counts"] == {"all": 5, "done": 1, "skipped": 2, "failed": 2}
    assert "holds text, not a picture" in shown.cards[2]["reason"]
    assert [row["reason"] for row in shown.cards[1]["steps"]] == [
        None,
        "no 'yacht' was found (heat 0.04, 0.35 is needed)",
    ]
    assert [row["read"] for row in shown.cards[1]["steps"]] == [None, "boat"]
    assert [card["lowest"] for card in shown.cards[:3]] == [0.9, 0.9, None]
    assert shown.cards[0]["halves"] == {"size": [36, 24], "gap": 8, "stacked": False}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no such file names")
def test_every_link_leads_to_a_file_below_out_whatever_the_photos_are_called(tmp_path):
    bare = [] if sys.platform == "darwin" else [os.fsdecode(b"caf\xe9.jpg")]
    names = [*(f"{stem}.jpg" for stem in ODD), *bare, "a b/#1/c.jpg", "c.tif"]
    out = done_batch(tmp_path, *names)
    cards = Page((out / "index.html").read_text(encoding="utf-8")).cards
    assert len(cards) == len(names)
    for card in cards:
        assert len(links(card)) == 5
        for link in links(card):
            assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", link)
            assert not link.startswith(("/", ".."))
            assert (os.fsencode(out) + b"/" + urllib.parse.unquote_to_bytes(link)) in listed(out)


def listed(folder):
    return {os.fsencode(path) for path in folder.rglob("*")}


def test_what_a_browser_cannot_show_opens_as_its_before_after_picture(tmp_path):
    out = done_batch(tmp_path, "c.tif", "d.png")
    tif, png = Page((out / "index.html").read_text(encoding="utf-8")).cards
    assert (tif["result"], tif["full"]) == ("c.tif", "c.before-after.jpg")
    assert (png["result"], png["full"]) == ("d.png", "d.png")


def test_a_file_that_is_not_there_is_not_linked():
    (card,) = Page(page({"a": record("a.jpg", step())}, there=set())).cards
    assert (card["result"], card["steps"][0]["mask"], card["full"]) == (None, None, "a.before-after.jpg")


@pytest.mark.parametrize("name", [*ODD, HOSTILE.replace("/", "∕")])
def test_hostile_names_and_words_stay_text(name):
    words = step(targets=[HOSTILE], prompt=HOSTILE, reason=HOSTILE)
    entry = record(f"{name}.jpg", words, notes=[HOSTILE])
    shown = Page(page({name: entry}, there=set(), failures=[(HOSTILE, HOSTILE)]))
    usual = Page(page({"a": record("a.jpg", step())}, there=set(), failures=[("b.jpg", "c")]))
    assert [tag for tag, _ in shown.tags] == [tag for tag, _ in usual.tags]
    assert shown.cards[0]["steps"][0]["prompt"] == HOSTILE
    assert shown.cards[0]["notes"] == [HOSTILE]
    assert shown.cards[0]["name"] == f"{name}.jpg"


@given(st.text())
def test_any_words_come_back_from_the_page_as_they_went_in(words):
    (card,) = Page(page({"a": record("a.jpg", step(prompt=words))}, there=set())).cards
    assert card["steps"][0]["prompt"] == words


def test_a_name_that_is_no_utf8_is_shown_as_far_as_it_can_be():
    name = os.fsdecode(b"caf\xe9")
    text = page({name: record(f"{name}.jpg", step())}, there={f"{name}.jpg"})
    (card,) = Page(text).cards
    assert card["name"] == "caf\N{REPLACEMENT CHARACTER}.jpg"
    assert card["result"] == "caf%E9.jpg"
    text.encode("utf-8")


@pytest.mark.parametrize(
    "broken_record",
    [
        {},
        {"schema": 1},
        record("a.jpg", step(targets=3)),
        record("a.jpg", step(expected_iou=float("nan"))),
        record("a.jpg", step(expected_iou="high")),
        record("a.jpg", step(area_px="many")),
        record("a.jpg", size_wh=[0, 0]),
        record("a.jpg", size_wh=None),
        record(5),
    ],
)
def test_a_record_that_a_person_broke_costs_only_its_own_card(broken_record):
    broken, sound = Page(page({"a": broken_record, "b": record("b.jpg", step())}, there=set())).cards
    assert (broken["status"], broken["reason"]) == ("failed", "its record cannot be read")
    assert broken["picture"] == "a.before-after.jpg"
    assert sound["steps"][0]["prompt"] == "red"


def test_the_lowest_quality_is_that_of_what_was_found():
    missed = step(found=False, missing=["rug"], peak=0.01, reason="no 'rug'", expected_iou=None)
    records = {"a": [step(), step(expected_iou=0.4), missed], "b": [step(expected_iou=None)], "c": [missed]}
    cards = Page(page({name: record(f"{name}.jpg", *steps) for name, steps in records.items()}, there=set())).cards
    assert [card["lowest"] for card in cards] == [0.4, None, None]


def test_a_peak_says_nothing_of_a_record_without_a_quality():
    old = step(peak=0.4)
    del old["expected_iou"]
    (card,) = Page(page({"a": record("a.jpg", old)}, there=set())).cards
    assert (card["lowest"], card["steps"][0]["quality"], card["steps"][0]["check"]) == (None, None, False)


@pytest.mark.parametrize(("below", "marked"), [(None, False), (0.4, False), (0.41, True), (1, True)])
def test_a_step_in_doubt_is_marked_as_its_record_says(below, marked):
    (card,) = Page(page({"a": record("a.jpg", step(expected_iou=0.4), doubt_below=below)}, there=set())).cards
    assert card["steps"][0]["check"] == marked


def test_a_photo_that_fails_now_is_one_card_with_its_old_pictures():
    (card,) = Page(page({"a": record("a.jpg", step())}, there=set(), failures=[("a.jpg", "no picture")])).cards
    assert (card["status"], card["reason"], card["picture"]) == ("failed", "no picture", "a.before-after.jpg")
    assert card["notes"] == ["This run failed; the pictures are from an earlier run."]


def test_a_photo_that_never_became_a_job_is_listed_with_those_of_out_itself():
    records = {"oak/a": record("a.jpg", step())}
    failures = [
        ("oak/b.jpg", "1"),
        ("in/c.jpg", "2"),
        ("/home/me/d.jpg", "3"),
        (r"C:\me\e.jpg", "4"),
        ("in/c.jpg", "5"),
    ]
    cards = Page(page(records, there=set(), failures=failures)).cards
    assert [(card["folder"], card["name"], card["reason"]) for card in cards] == [
        ("", "in/c.jpg", "2"),
        ("", "in/c.jpg", "5"),
        ("", "d.jpg", "3"),
        ("", "e.jpg", "4"),
        ("oak", "a.jpg", None),
        ("oak", "b.jpg", "1"),
    ]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "there is no file '/home/me/b.jpg'; did you mean '/home/me/a.jpg'?",
            "there is no file 'b.jpg'; did you mean 'a.jpg'?",
        ),
        (r"there is no file 'C:\\me\\b.jpg'", "there is no file 'b.jpg'"),
        ("'in/a.jpg' holds text", "'in/a.jpg' holds text"),
        ("no '4/4 time' was found (heat 0.1, 0.35 is needed)", "no '4/4 time' was found (heat 0.1, 0.35 is needed)"),
    ],
)
def test_a_path_from_the_root_is_shown_as_a_name(said, shown):
    (card,) = Page(page({}, there=set(), failures=[("b.jpg", said)])).cards
    assert card["reason"] == shown


# -------------------------------------------------------------------------------------------------------- what it needs


def test_the_page_needs_nothing_from_elsewhere_and_lets_nothing_else_run():
    text = page({"a": record("a.jpg", step())}, there=set())
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text.partition("<script>")[0])
    shown = Page(text)
    assert not [attrs for _, attrs in shown.tags if {"src", "style"} & set(attrs)]
    assert not [name for _, attrs in shown.tags for name in attrs if name.startswith("on")]
    assert [attrs["href"] for _, attrs in shown.tags if "href" in attrs] == ["contact-sheet.jpg"]
    policy = next(attrs["content"] for _, attrs in shown.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src 'self' file:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "fetch(" not in text
    assert "innerHTML" not in text


def test_every_part_of_the_template_was_filled_in():
    assert not re.search("__[A-Z]+__", page({}, there=set()))


def test_the_halves_are_those_of_the_picture():
    for height, width in [(20, 30), (30, 20), (20, 41), (1000, 1500), (1400, 900), (700, 3000), (1, 1), (2600, 5300)]:
        layout = split_layout((width, height))
        picture = before_after(*[np.zeros((height, width, 3), np.uint8)] * 2)
        across, along = layout.size_wh if layout.stacked else layout.size_wh[::-1]
        wanted = (across, 2 * along + layout.gap_px)
        assert picture.shape[:2] == (wanted[::-1] if layout.stacked else wanted)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_script_is_javascript(tmp_path):
    script = tmp_path / "page.js"
    script.write_text(Page(page({}, there=set())).inside["script"], encoding="utf-8")
    assert subprocess.run(["node", "--check", script], check=False, capture_output=True, text=True).stderr == ""


# ------------------------------------------------------------------------------------------------------------- writing


def test_the_page_of_a_resumed_batch_is_that_of_one_that_was_not_stopped(tmp_path):
    names = ["2.jpg", "10.jpg", "broken.jpg", "oak/1.jpg"]
    whole = done_batch(tmp_path / "whole", *names)
    for first in (names[:2], names[1:], []):
        half = tmp_path / f"half {len(first)}"
        if first:
            done_batch(half, *first)
        assert (done_batch(half, *names) / "index.html").read_bytes() == (whole / "index.html").read_bytes()


def test_an_identical_page_is_left_as_it_is_and_another_is_replaced(tmp_path):
    out = done_batch(tmp_path, "a.jpg")
    shown = out / "index.html"
    text = shown.read_bytes()
    os.utime(shown, (1, 1))
    done_batch(tmp_path, "a.jpg")
    assert shown.stat().st_mtime == 1
    shown.write_bytes(text[:-10])
    done_batch(tmp_path, "a.jpg")
    assert shown.read_bytes() == text
    assert not list(out.glob(".automask-*"))


def test_a_persons_own_index_is_not_overwritten(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "index.html").write_text("<h1>Mine</h1>")
    out = done_batch(tmp_path, "a.jpg")
    assert (out / "index.html").read_text() == "<h1>Mine</h1>"
    assert len(Page((out / "automask.html").read_text(encoding="utf-8")).cards) == 1
    (out / "index.html").unlink()
    (out / "index.html").mkdir()
    assert write_page(out, []) == out / "automask.html"


def test_no_name_of_the_page_is_taken_from_a_person(tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("index.html", "automask.html"):
        (tmp_path / "out" / name).write_text("<h1>Mine</h1>")
    out = done_batch(tmp_path, "a.jpg")
    assert page_in(out) == out / "automask-2.html"
    assert len(Page(page_in(out).read_text(encoding="utf-8")).cards) == 1
    assert write_page(out, []) == page_in(out)
    for name in ("index.html", "automask.html"):
        assert (out / name).read_text() == "<h1>Mine</h1>"


def test_a_thousand_photos_make_a_page_of_less_than_a_megabyte():
    records = {
        f"photo {n}": record(f"photo {n}.jpg", step(), step(reason="no 'rug' was found (heat 0.03, 0.35 is needed)"))
        for n in range(1000)
    }
    shown = page(records, there=set())
    assert len(Page(shown).cards) == 1000
    assert len(shown) < 1_000_000


# ---------------------------------------------------------------------------------------------------- in a real browser


@pytest.fixture(scope="module")
def tab():
    with browsing(chromium()) as tab:
        yield tab


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    bare = [] if sys.platform == "darwin" else [os.fsdecode(b"caf\xe9.jpg")]
    odd = [f"{stem}.jpg" for stem in ODD]
    out = done_batch(tmp_path_factory.mktemp("batch"), "whole.jpg", "10.jpg", *odd, *bare, "oak #1/a.jpg", "broken.jpg")
    edited = json.loads((out / "10.run.json").read_text())
    edited["steps"][0]["prompt"] = HOSTILE
    edited["steps"][0]["expected_iou"] = 0.01
    (out / "10.run.json").write_text(json.dumps(edited))
    with (out / "failures.csv").open() as file:
        return write_page(out, sheets.result_pictures(out), [tuple(row) for row in csv.reader(file)][1:])


VISIBLE = "[...document.querySelectorAll('article')].filter(card => !card.hidden)"
NAMES = f"{VISIBLE}.map(card => card.querySelector('h3').firstChild.data)"
CURRENT = "document.activeElement.closest('article').querySelector('h3').firstChild.data"


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_every_card_is_made_and_every_picture_loads(tab, shown):
    tab.open(address(shown))
    assert tab.ask("document.querySelectorAll('article').length") == len(Page(shown.read_text(encoding="utf-8")).cards)
    tab.ask("for (const image of document.images) image.loading = 'eager'; 1")
    tab.wait("[...document.images].every(image => image.complete)")
    assert tab.ask("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)") == []
    assert tab.ask("document.body.textContent").count("onerror=alert(1)") > 0
    assert tab.ask("document.querySelectorAll('[onerror], article script').length") == 0
    assert tab.complaints == []


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_the_fragment_says_what_is_shown(tab, shown):
    tab.open(address(shown, "show=failed"))
    assert tab.ask(NAMES) == ["broken.jpg"]
    tab.open(address(shown, "show=done"))
    assert tab.ask(NAMES) == ["whole.jpg"]
    tab.open(address(shown, "q=OAK"))
    assert tab.ask(NAMES) == ["a.jpg"]
    tab.open(address(shown, "sort=confidence"))
    assert tab.ask(NAMES)[0] == "10.jpg"
    assert tab.ask(NAMES)[-1] == "broken.jpg"
    tab.open(address(shown, "show=done&q=nothing"))
    assert tab.ask("document.querySelector('p[role=status]').textContent") == "No photo matches."


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_buttons_and_words_change_the_fragment(tab, shown):
    tab.open(address(shown))
    everything = tab.ask(NAMES)
    tab.ask("document.querySelector('[data-show=failed]').click()")
    assert (tab.ask("location.hash"), tab.ask(NAMES)) == ("#show=failed", ["broken.jpg"])
    tab.ask("document.querySelector('[data-show=all]').click()")
    tab.press("/", *"whole")
    assert (tab.ask("location.hash"), tab.ask(NAMES)) == ("#q=whole", ["whole.jpg"])
    tab.press("Escape")
    assert (tab.ask("location.hash"), tab.ask(NAMES)) == ("", everything)


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_keys_go_from_photo_to_photo_slide_and_show_masks(tab, shown):
    tab.open(address(shown))
    names = tab.ask(NAMES)
    tab.press("j", "ArrowDown", "j", "k", "ArrowUp", "j")
    assert tab.ask(CURRENT) == names[1]
    before = tab.ask("Number(document.activeElement.value)")
    tab.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert tab.ask("Number(document.activeElement.value)") == before + 5
    assert tab.ask("document.activeElement.parentNode.style.getPropertyValue('--at')") == f"{before + 5:g}%"
    tab.press("m")
    tab.wait("[...document.querySelectorAll('.mask')].filter(mask => mask.naturalWidth && !mask.hidden).length === 1")
    tab.press("m")
    assert tab.ask("[...document.querySelectorAll('.mask')].every(mask => mask.hidden)")
    tab.press("f")
    assert tab.ask("document.activeElement.closest('article').classList.contains('large')")
    tab.press("f", "?")
    assert tab.ask("document.querySelector('dialog').open")
    tab.press("Escape")
    tab.ask(
        "document.addEventListener('click', event => { event.preventDefault(); window.opened = event.target.href })"
    )
    tab.press("Enter")
    assert tab.ask("opened").endswith(urllib.parse.quote(names[1]))


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("size_wh", [(300, 200), (200, 300), (500, 200)])
def test_in_a_browser_before_is_left_after_is_right_and_a_mask_tints_what_was_painted(tab, tmp_path, size_wh):
    tab.open(address(done_batch(tmp_path, "a.png", size_wh=size_wh) / "index.html"))
    tab.wait("[...document.images].every(image => image.naturalWidth)")
    tab.press("j")

    def seen():
        """Four places of the picture: left and right above, in what was painted, and left and right below."""
        picture = tab.look(".view").astype(int)
        height, width = picture.shape[:2]
        return [picture[height * y // 8, width * x // 8] for x, y in ((2, 3), (6, 3), (2, 6), (6, 6))]

    def near(colours):
        return np.abs(np.array(seen()) - colours).max() < 12

    before, after, tint = (40, 90, 90), (200, 0, 0), np.array((230, 159, 0))
    assert near([before, after, before, before])
    tab.press("m")
    tab.wait("[...document.querySelectorAll('.mask')].some(mask => mask.naturalWidth)")
    assert near([0.38 * np.array(before) + 0.62 * tint, 0.38 * np.array(after) + 0.62 * tint, before, before])
    tab.press("m", *["ArrowLeft"] * 12)
    assert near([after, after, before, before])
    tab.press(*["ArrowRight"] * 22)
    assert near([before, before, before, before])


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_a_thousand_photos_load_only_the_pictures_in_sight(tab, tmp_path):
    records = {f"photo {n}": record("photo.jpg", step()) for n in range(1000)}
    write_picture(tmp_path / "first.jpg", np.zeros((20, 68, 3), np.uint8))
    for name in records:
        os.link(tmp_path / "first.jpg", tmp_path / f"{name}.before-after.jpg")
    (tmp_path / "index.html").write_text(page(records, there=set()), encoding="utf-8")
    tab.open(address(tmp_path / "index.html"))
    tab.wait("[...document.images].some(image => image.naturalWidth)")
    assert tab.ask("document.querySelectorAll('article').length") == 1000
    assert tab.ask("[...document.images].filter(image => image.naturalWidth).length") < 200
