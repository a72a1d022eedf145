"""The page in a real browser: say, see, correct, paint and approve, by mouse and by keyboard alone."""

import contextlib
import importlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from browser import chromium
from studios import made

from automask.studio import server

if os.environ.get("AUTOMASK_BROWSER_TESTS") != "required":  # there a missing browser is a failure
    pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if chromium() is None:
        pytest.skip("needs Chromium", allow_module_level=True)
playwright = importlib.import_module("playwright.sync_api")

WORDS = "island -> #ff0000; lamp -> #00ff00"
PATIENCE_S = 60


class Page:
    """A tab of the studio. The page's policy forbids evaluated text, so what is waited for is asked again and again."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab
        self.complaints: list[str] = []
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def ask(self, code: str) -> Any:
        return self.tab.evaluate(code)

    def until(self, code: str, patience_s: float = PATIENCE_S) -> None:
        limit = time.monotonic() + patience_s
        while not self.ask(code):
            said = self.ask("document.getElementById('status').textContent")
            assert time.monotonic() < limit, f"{code} never came true; the page says {said!r}, {self.complaints}"
            time.sleep(0.02)

    def opened(self, regions: int = 2, patience_s: float = PATIENCE_S) -> None:
        self.until(f"S.regions.length === {regions} && !S.running && S.pending === 0", patience_s)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place on the screen, of a pixel of the photo (which is shown at its own size)."""
        box = self.tab.locator("#canvas").bounding_box()
        scale, left, top = self.ask("[S.view.scale, S.view.x, S.view.y]")
        return box["x"] + left + scale * x, box["y"] + top + scale * y

    def drag(self, *points: tuple[float, float]) -> None:
        self.tab.mouse.move(*self.at(*points[0]))
        self.tab.mouse.down()
        for point in points[1:]:
            self.tab.mouse.move(*self.at(*point), steps=4)
        self.tab.mouse.up()

    def says(self) -> str:
        return self.ask("document.getElementById('status').textContent")


@contextlib.contextmanager
def served(running: server.Running, port: int = 0) -> Iterator[str]:
    """The address of a studio that is served until the block ends, with a link's code."""
    import uvicorn

    with server.listening("127.0.0.1", port) as bound:
        one = uvicorn.Server(uvicorn.Config(running.app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=one.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}/?code={running.keys.new_code()}"
        finally:
            one.should_exit = True
            thread.join(20)
            running.engine.close()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        # Without its sandbox, since many test machines run as root: it opens nothing but our own page.
        one = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield one
        one.close()


@contextlib.contextmanager
def tab_in(browser: Any, **more: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, **more)
    try:
        yield context
    finally:
        context.close()


@pytest.fixture
def studio(scene, tmp_path, browser):
    """The page of one photo with its masks found."""
    with served(made(scene, tmp_path / "out", words=WORDS)) as link, tab_in(browser) as context:
        page = Page(context.new_page())
        page.tab.goto(link)
        page.opened()
        yield page
        assert page.complaints == []


def test_words_are_completed_and_mistakes_are_shown_under_them(studio):
    area = studio.tab.locator("#words")
    area.fill("lamp -> sa")
    area.press("End")
    studio.tab.keyboard.type("g")
    studio.until("S.offers.some(one => one.name === 'sage')")
    while studio.ask("S.offers[S.offered]?.name") != "sage":
        area.press("ArrowDown")
    area.press("Enter")
    assert area.input_value() == "lamp -> sage"
    studio.opened(1)
    area.fill("lamp -> sage; island")
    studio.until("!document.getElementById('wrong').hidden")
    assert "no arrow" in studio.tab.locator("#wrong").inner_text()
    assert studio.tab.locator("#behind u").inner_text().strip() == "island"
    assert area.get_attribute("aria-invalid") == "true"


def test_masks_are_numbered_seen_and_corrected_with_every_tool(studio):
    listed = [text.split("\n")[:2] for text in studio.tab.locator("#regions button").all_inner_texts()]
    assert listed == [["1", "island"], ["2", "lamp"]]
    studio.tab.keyboard.press("2")
    studio.tab.keyboard.press("s")  # to the pixel
    studio.tab.keyboard.press("p")
    studio.drag((60, 80), (80, 80))
    studio.until("S.regions[1].yours && !S.running")
    assert studio.ask("isIn(1, 70, 80)")
    studio.tab.keyboard.press("e")
    studio.drag((70, 70), (70, 92))
    studio.until("!isIn(1, 70, 80) && isIn(1, 60, 80)")
    studio.tab.keyboard.press("b")
    studio.drag((6, 70), (26, 90))
    studio.until("S.state.strokes.lamp.length === 3 && !S.running")
    studio.tab.keyboard.press("c")
    studio.tab.mouse.click(*studio.at(100, 20))  # takes the lamp itself
    studio.until("!isIn(1, 100, 20)")
    for _ in range(4):
        studio.tab.keyboard.press("Control+z")
        studio.until("!S.running && S.pending === 0")
    studio.until("isIn(1, 100, 20) && !isIn(1, 60, 80) && !S.regions[1].yours")
    studio.tab.keyboard.press("Control+Shift+z")
    studio.until("isIn(1, 70, 80)")


def test_an_edit_is_switched_off_by_its_chip(studio):
    studio.tab.locator("#chips input").nth(0).uncheck()
    studio.opened(1)
    assert studio.ask("S.regions[0].target") == "lamp"
    studio.tab.locator("#chips input").nth(0).check()
    studio.opened(2)


def test_variants_are_painted_compared_and_one_is_picked(studio):
    studio.tab.fill("#words", "lamp -> {#ff0000, #0000ff}")
    studio.opened(1)
    studio.tab.click("#paint")
    studio.until("S.after.length === 2 && S.comparing")
    studio.tab.locator("#slider").fill("0")
    studio.until("!asked")
    red = studio.ask(
        "(() => { const at = ['x', 'y'].map((side, i) => S.view[side] + S.view.scale * [100, 20][i]);"
        " return [...pen.getImageData(...at.map(v => Math.round(v * devicePixelRatio)), 1, 1).data]; })()"
    )
    assert red[0] > red[2]
    studio.tab.locator("#variants button").nth(1).click()
    studio.until("S.shown === 1")
    studio.tab.keyboard.press("g")
    studio.until("S.isGrid && !asked")
    box = studio.tab.locator("#canvas").bounding_box()
    studio.tab.mouse.click(box["x"] + 20, box["y"] + box["height"] / 2)  # the first, left or above
    studio.until("S.shown === 0")
    studio.tab.mouse.click(box["x"] + box["width"] - 20, box["y"] + box["height"] / 2 + 9)
    studio.until("S.shown === 1")
    studio.tab.click("#pick")
    studio.until("S.state.words === 'lamp -> #0000ff' && !S.running && S.pending === 0")
    assert studio.ask("S.after.length === 1 && S.comparing")  # what was picked stays on the screen


def test_of_several_tries_the_one_that_is_picked_is_what_every_later_run_makes(studio):
    studio.tab.fill("#words", "lamp -> oak")
    studio.opened(1)
    studio.tab.fill("#candidates", "3")
    studio.tab.press("#candidates", "Tab")
    studio.until("S.state.settings.candidates === 3 && S.pending === 0")
    studio.tab.click("#paint")
    studio.until("S.after.length === 3 && S.comparing")
    names = studio.tab.locator("#variants button").all_inner_texts()
    assert [name.strip() for name in names] == ["seed 0", "seed 1", "seed 2"]
    studio.tab.locator("#variants button").nth(2).click()
    studio.tab.click("#pick")
    studio.until("S.state.settings.seed === 2 && S.state.settings.candidates === 1 && S.pending === 0")
    studio.tab.click("#command-open")
    studio.until("document.getElementById('command').open")
    assert studio.tab.locator("#command-text").inner_text().endswith("candidates=1 seed=2")


def test_the_command_line_is_shown_to_copy(studio):
    studio.tab.click("#command-open")
    studio.until("document.getElementById('command').open")
    assert studio.tab.locator("#command-text").inner_text() == (
        "automask edit kitchen.png 'island -> #ff0000; lamp -> #00ff00' -o out"
    )


def test_everything_can_be_done_from_the_keyboard(scene, tmp_path, browser):
    with served(made(scene, tmp_path / "out")) as link, tab_in(browser) as context:
        page = Page(context.new_page())
        page.tab.goto(link)
        page.until("S.before !== null")
        page.tab.keyboard.press("Tab")
        page.tab.keyboard.press("Enter")  # the link to the words
        page.tab.keyboard.type(WORDS)
        page.tab.keyboard.press("Escape")
        page.opened()
        page.tab.keyboard.press("2")
        page.tab.keyboard.press("p")
        page.tab.keyboard.press("s")
        while page.ask("document.activeElement.id") != "canvas":
            page.tab.keyboard.press("Shift+Tab")
        page.tab.keyboard.press("ArrowUp")
        page.tab.keyboard.press("Space")
        page.until("S.regions[1].yours && !S.running")
        page.tab.keyboard.press("Control+Enter")
        page.until("S.comparing")
        page.tab.keyboard.press(">")
        page.until("S.slider > 0.5")
        page.tab.keyboard.press("y")
        page.until("document.getElementById('status').textContent.startsWith('saved')")
        assert page.complaints == []
    assert (tmp_path / "out" / "kitchen.png").is_file()


def queue(scene, tmp_path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("1.png", "2.png", "3.png")):
        cv2.imwrite(str(folder / name), cv2.imread(str(scene.photo)) // (number + 1))
    return folder


def test_a_folder_is_approved_photo_by_photo_and_a_killed_server_loses_nothing(scene, tmp_path, browser):
    folder, out = queue(scene, tmp_path), tmp_path / "out"
    with tab_in(browser) as context:
        page = Page(context.new_page())
        with served(made(scene, out, folder, words="lamp -> #ff0000")) as link:
            page.tab.goto(link)
            page.opened(1)
            page.tab.keyboard.press("y")
            page.until("S.photos.find(one => one.name === '1.png').is_current")
            page.until("S.photos.find(one => one.id === S.id).name === '2.png'")
            page.opened(1)
            page.tab.keyboard.press("n")
            page.until("S.photos.find(one => one.id === S.id).name === '3.png'")
            page.opened(1)
            page.tab.keyboard.press("s")
            page.tab.keyboard.press("p")
            page.drag((60, 80), (80, 80))
            page.until("S.regions[0].yours && !S.running && S.pending === 0")
        page.tab.keyboard.press("e")
        page.drag((62, 80), (64, 80))
        page.until("document.getElementById('status').textContent.includes('does not answer')")
        with served(made(scene, out, folder, words="lamp -> #ff0000")) as link:
            page.tab.goto(link)
            page.opened(1)
            decided = page.ask("Object.fromEntries(S.photos.map(one => [one.name, one.state.decision]))")
            assert decided == {"1.png": "accepted", "2.png": "rejected", "3.png": "open"}
            assert page.ask("S.photos.find(one => one.id === S.id).name") == "3.png"
            assert page.ask("S.regions[0].yours && isIn(0, 70, 80)")
            page.tab.reload()
            page.opened(1)
            assert page.ask("isIn(0, 70, 80)")
            page.tab.click("#undo")
            page.until("!isIn(0, 70, 80)")
        # The browser tells of each request to the server that was gone, some of them late.
        assert [said for said in page.complaints if "ERR_CONNECTION_REFUSED" not in said] == []
    assert (out / "1.png").is_file()
    assert not (out / "2.png").exists()


def test_a_photo_that_is_being_saved_is_saved_though_another_is_opened(scene, tmp_path, browser, monkeypatch):
    from automask.editors.paint.editor import Paint

    begun, go, paint = threading.Event(), threading.Event(), Paint.paint

    def slow(self, *arguments, **named):
        begun.set()
        assert go.wait(PATIENCE_S)
        return paint(self, *arguments, **named)

    monkeypatch.setattr(Paint, "paint", slow)
    with (
        served(made(scene, tmp_path / "out", queue(scene, tmp_path), words="lamp -> #ff0000")) as link,
        tab_in(browser) as context,
    ):
        page = Page(context.new_page())
        page.tab.goto(link)
        page.opened(1)
        page.tab.keyboard.press("y")
        assert begun.wait(PATIENCE_S)
        page.tab.keyboard.press("j")
        page.until("S.photos.find(one => one.id === S.id).name === '2.png'")
        go.set()
        page.until("S.photos.find(one => one.name === '1.png').is_current")
        assert page.ask("S.photos.map(one => one.state.decision).join()") == "accepted,open,open"
        assert page.complaints == []


def test_what_was_typed_a_moment_ago_counts(scene, tmp_path, browser):
    with served(made(scene, tmp_path / "out", queue(scene, tmp_path))) as link, tab_in(browser) as context:
        page = Page(context.new_page())
        page.tab.goto(link)
        page.until("S.state && S.before")
        painted = []
        page.tab.on("request", lambda request: painted.append(request.url) if "/preview" in request.url else None)
        page.tab.fill("#words", "lamp -> #ff0000")
        page.tab.keyboard.press("Control+Enter")  # at once, before the page has read the words
        page.until("S.comparing && S.after.length === 1 && !S.running")
        assert len(painted) == 1
        assert page.tab.locator("#offers").is_hidden()
        page.tab.fill("#words", "lamp -> #00ff00")
        page.tab.click("#next")
        page.until("S.photos.find(one => one.id === S.id).name === '2.png'")
        assert page.ask("S.photos.map(one => one.state.words).join()") == "lamp -> #00ff00,,"
        assert page.ask("document.getElementById('words').value") == ""
        assert page.complaints == []


def test_words_that_change_after_they_were_accepted_are_not_accepted(scene, tmp_path, browser):
    """Else the studio would save them, unseen, when it begins again."""
    with served(made(scene, tmp_path / "out", words="lamp -> #ff0000")) as link, tab_in(browser) as context:
        page = Page(context.new_page())
        page.tab.goto(link)
        page.opened(1)
        page.tab.keyboard.press("y")
        page.until("S.photos[0].is_current && S.comparing")
        page.tab.fill("#words", "lamp -> #00ff00")
        page.until("S.photos[0].state.words === 'lamp -> #00ff00'")
        assert page.ask("S.photos[0].state.decision") == "open"
        assert page.complaints == []


def test_two_tabs_see_one_state_and_load_one_model(scene, tmp_path, browser):
    running = made(scene, tmp_path / "out", words=WORDS)
    with served(running) as link, tab_in(browser) as context:
        one, other = Page(context.new_page()), Page(context.new_page())
        one.tab.goto(link)
        one.opened()
        other.tab.goto(link.split("?")[0])
        other.opened()
        one.tab.keyboard.press("p")
        one.tab.keyboard.press("s")
        one.drag((60, 80), (80, 80))
        one.until("S.regions[0].yours && S.pending === 0")
        other.tab.keyboard.press("2")  # it knows nothing yet of the stroke
        other.tab.keyboard.press("p")
        other.tab.keyboard.press("s")
        other.drag((20, 20), (30, 20))
        other.until("S.regions[0].yours && S.regions[1].yours && !S.running && S.pending === 0")
        one.tab.evaluate("dispatchEvent(new Event('focus'))")
        one.until("S.regions[0]?.yours && S.regions[1]?.yours && !S.running")
        assert one.ask("S.state.strokes.island.length + S.state.strokes.lamp.length") == 2
        assert running.engine.loads == 1


def test_what_was_typed_a_moment_before_the_page_is_loaded_again_is_there(studio):
    studio.tab.fill("#words", "lamp -> #0000ff; island -> #112233")
    studio.tab.reload()
    studio.opened()
    assert studio.tab.locator("#words").input_value() == "lamp -> #0000ff; island -> #112233"


def test_a_slow_editor_is_stopped_and_the_page_goes_on(scene, tmp_path, browser, monkeypatch):
    from automask.editors.paint.editor import Paint

    begun, paint = threading.Event(), Paint.paint

    def slow(self, *arguments, **named):
        begun.set()
        time.sleep(0.5)
        return paint(self, *arguments, **named)

    monkeypatch.setattr(Paint, "paint", slow)
    words = "; ".join(f"{name} -> #{number}00" for number, name in enumerate(("island", "lamp", "handles"), 3))
    with served(made(scene, tmp_path / "out", words=words)) as link, tab_in(browser) as context:
        page = Page(context.new_page())
        page.tab.goto(link)
        page.opened(3)
        page.tab.click("#paint")
        begun.wait(30)
        page.until("!document.getElementById('stop').hidden")
        page.tab.click("#stop")
        page.until("document.getElementById('status').textContent === 'stopped'")
        page.tab.keyboard.press("1")
        assert not page.ask("S.comparing")
        assert page.complaints == []


@pytest.mark.slow
def test_a_photo_of_24_megapixels_is_shown_to_its_own_pixels_corrected_and_saved_at_full_size(scene, tmp_path, browser):
    size_wh = (6000, 4000)
    photo = cv2.resize(cv2.imread(str(scene.photo)), size_wh, interpolation=cv2.INTER_NEAREST)
    photo[2000:2200, 3000:3200:2] = 255  # stripes of a pixel, which a picture of screen size cannot show
    photo[2000:2200, 3001:3200:2] = 0
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "large.jpg"), photo, [cv2.IMWRITE_JPEG_QUALITY, 95])
    masks = tmp_path / "masks"
    masks.mkdir()
    lamp = np.zeros(size_wh[::-1], np.uint8)
    cv2.circle(lamp, (4700, 830), 300, 255, -1)
    cv2.imwrite(str(masks / "lamp.png"), lamp)
    large = replace(scene, overrides=(f"segmenter.masks='{masks}'", *scene.overrides[:1], *scene.overrides[2:]))
    with (
        served(made(large, tmp_path / "out", folder / "large.jpg", words="lamp -> #ff0000")) as link,
        tab_in(browser) as context,
    ):
        page = Page(context.new_page())
        page.tab.goto(link)
        page.opened(1, 5 * PATIENCE_S)
        assert page.ask("S.before.naturalWidth") == 1600
        page.tab.keyboard.press("v")
        page.tab.click("#pixels")
        page.until("S.cuts?.size_wh && !asked")
        page.ask(
            "(([x, y]) => { S.view = { ...S.view, x: 400 - S.view.scale * x, y: 300 - S.view.scale * y }; draw(); })"
            "([3100, 2100].map(side => side * 1600 / 6000))"
        )
        page.until("!asked && [...S.tiles.values()].length > 0 && [...S.tiles.values()].every(one => one)")
        page.until("!asked")
        spread = page.ask(
            "(() => { const row = [...pen.getImageData(390, 300, 20, 1).data].filter((_, n) => n % 4 === 0);"
            " return Math.max(...row) - Math.min(...row); })()"
        )
        assert spread > 120  # grey, were it the picture of screen size
        page.tab.keyboard.press("0")
        page.tab.keyboard.press("s")
        page.tab.keyboard.press("p")
        page.drag((600, 800), (700, 800))
        page.until("S.regions[0].yours && !S.running && S.pending === 0", 5 * PATIENCE_S)
        page.tab.keyboard.press("y")
        page.until("document.getElementById('status').textContent.startsWith('saved')", 5 * PATIENCE_S)
        assert page.complaints == []
    result = cv2.imread(str(tmp_path / "out" / "large.jpg"))
    assert result.shape == (4000, 6000, 3)
    assert (result[3000, 2440] != photo[3000, 2440]).any()  # where the brush went, 6000 / 1600 times as far
    assert (tmp_path / "out" / "large.masks" / "01-lamp.png").is_file()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (820, 1180)])
def test_nothing_is_cut_off_on_a_laptop_or_a_tablet(studio, width, height):
    studio.tab.set_viewport_size({"width": width, "height": height})
    studio.until("document.documentElement.scrollWidth <= innerWidth")
    assert studio.ask("document.getElementById('canvas').clientHeight > 300")
    unnamed = studio.ask(
        "[...document.querySelectorAll('button, input, textarea, canvas')].filter(one => !(one.innerText || one.title"
        " || one.getAttribute('aria-label') || one.labels?.length)).map(one => one.outerHTML)"
    )
    assert unnamed == []


def test_a_frame_of_the_slider_is_drawn_in_a_moment(studio):
    studio.tab.click("#paint")
    studio.until("S.comparing")
    took_ms = studio.ask(
        "(() => { const begun = performance.now(); for (let n = 0; n < 60; n++) { S.slider = n / 60; paintCanvas(); }"
        " return (performance.now() - begun) / 60; })()"
    )
    assert took_ms < 40  # 8 on an idle machine; software rendering on a busy one takes its time
