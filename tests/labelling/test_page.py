"""The review page in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from asmnet_sdk.datasets import read_annotations
from asmnet_sdk.labelling import Review, review_server
from tests.browser import Browser
from tests.labelling.faces import POINTS, write_label_files


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write_label_files(tmp_path, "coco")


@pytest.fixture
def page(browser: Browser, labels: Path) -> Iterator[Browser]:
    """The page on b.png, two faces; then comes a.png, one face."""
    with review_server(Review(labels)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        browser.resize(1200, 800)
        browser.open(f"http://127.0.0.1:{server.server_port}/")
        browser.wait_until("state.picture !== null && state.view.scale !== 1")
        yield browser
        browser.evaluate("state.edits.forEach((one) => { one.dirty = false; })")
        browser.open("about:blank")
        server.shutdown()
        thread.join()


def place(browser: Browser, face: int, point: int) -> tuple[float, float]:
    """Return where a point is seen in the window."""
    script = (
        f"(() => {{ const f = canvas.getBoundingClientRect(); const [x, y] = toScreen("
        f"faces()[{face}].landmarks[{point}]); return [f.x + x, f.y + y]; }})()"
    )
    x, y = browser.evaluate(script)
    return x, y


def landmarks(browser: Browser, face: int = 0) -> np.ndarray:
    return np.array(browser.evaluate(f"faces()[{face}].landmarks"))


def saved(labels: Path, name: str) -> np.ndarray:
    return next(f for f in read_annotations(labels) if f.photo.name == name).landmarks


def status(browser: Browser) -> str:
    return browser.evaluate("document.querySelector('#status').textContent")


def test_photo_is_shown_whole_and_points_lie_on_it(page):
    assert page.evaluate("[state.picture.naturalWidth, state.picture.naturalHeight]") == [320, 240]
    scale = page.evaluate("state.view.scale")
    sizes = page.evaluate("[canvas.clientWidth / 320, canvas.clientHeight / 240]")
    assert scale == pytest.approx(min(sizes))
    x, y = place(page, 0, 2)
    frame = page.evaluate(
        "(() => { const f = canvas.getBoundingClientRect(); return [f.x, f.y]; })()"
    )
    view = page.evaluate("[state.view.x, state.view.y]")
    np.testing.assert_allclose(
        [x, y], np.array(frame) + view + (POINTS[2] + 0.5) * scale, atol=0.01
    )
    assert page.log == []


def test_a_point_is_dragged_saved_and_the_old_file_kept(page, labels):
    before, scale = labels.read_bytes(), page.evaluate("state.view.scale")
    x, y = place(page, 0, 2)
    page.drag((x, y), (x + 20 * scale, y - 10 * scale))
    np.testing.assert_allclose(landmarks(page)[2], POINTS[2] + [20, -10], atol=0.01)
    assert labels.read_bytes() == before
    page.click("#save")
    page.wait_until("edit().saved && !edit().dirty")
    assert status(page) == f"Saved {labels}. What was there before: {labels}.bak."
    np.testing.assert_allclose(saved(labels, "b.png")[2], POINTS[2] + [20, -10], atol=0.01)
    np.testing.assert_allclose(saved(labels, "a.png"), POINTS, atol=0.01)
    assert Path(f"{labels}.bak").read_bytes() == before


def test_undo_and_redo_by_keys(page):
    x, y = place(page, 0, 0)
    page.drag((x, y), (x + 30, y))
    moved = landmarks(page)[0]
    assert moved[0] > POINTS[0][0] + 1
    page.press("z", control=True)
    np.testing.assert_allclose(landmarks(page)[0], POINTS[0])
    page.press("y", control=True)
    np.testing.assert_allclose(landmarks(page)[0], moved)
    page.press("z", control=True)
    assert page.evaluate("button('undo').disabled && !button('redo').disabled")


def test_the_wheel_zooms_at_the_pointer_and_dragging_the_photo_moves_it(page):
    x, y = place(page, 0, 1)
    scale = page.evaluate("state.view.scale")
    page.turn_wheel((x, y), -400)
    page.wait_until(f"state.view.scale > {scale} * 2.7")
    np.testing.assert_allclose(place(page, 0, 1), (x, y), atol=1)
    page.drag((x + 60, y + 60), (x + 90, y + 40))
    np.testing.assert_allclose(place(page, 0, 1), (x + 30, y - 20), atol=1)
    np.testing.assert_allclose(landmarks(page), POINTS)
    page.press("0")
    assert page.evaluate("state.view.scale") == pytest.approx(scale)


def test_the_middle_stays_in_the_middle_of_another_window(page):
    middle = "toPhoto([canvas.clientWidth / 2, canvas.clientHeight / 2])"
    before, width = page.evaluate(middle), page.evaluate("canvas.clientWidth")
    page.resize(700, 640)
    page.wait_until(f"canvas.clientWidth !== {width} && state.size[0] === canvas.clientWidth")
    np.testing.assert_allclose(page.evaluate(middle), before, atol=1e-6)


def test_points_are_chosen_hidden_and_moved_by_keys(page, labels):
    page.press("Tab")
    page.press("Tab")
    assert page.evaluate("state.chosen") == {"face": 0, "point": 1}
    assert "left_eye of face 1, seen" in page.evaluate("document.body.innerText")
    page.press("h")
    assert page.evaluate("faces()[0].landmark_visible[1]") == 0
    page.press("ArrowRight", shift=True)
    scale = page.evaluate("state.view.scale")
    np.testing.assert_allclose(landmarks(page)[1], POINTS[1] + [10 / scale, 0], atol=1e-6)
    page.press("f")
    assert page.evaluate("state.chosen") == {"face": 1, "point": 0}
    page.press("s")
    page.wait_until("edit().saved")
    face = next(f for f in read_annotations(labels) if f.photo.name == "b.png")
    np.testing.assert_allclose(face.landmark_visible, [0.9, 0, 0.9, 0.9, 0.2], atol=1e-3)


def test_a_photo_whose_points_are_right_is_confirmed(page, labels):
    page.press("a")
    assert page.evaluate("button('confirm').disabled && edit().dirty")
    page.press("z", control=True)
    assert page.evaluate("!button('confirm').disabled")
    page.click("#confirm")
    page.press("s")
    page.wait_until("edit().saved && !edit().dirty")
    page.open(page.evaluate("location.href"))
    page.wait_until("state.picture !== null")
    rows = page.evaluate("[...document.querySelectorAll('#photos span')].map((r) => r.innerText)")
    assert rows == ["by hand", "doubt 3.3 %"]
    by_photo = {face.photo.name: face.is_by_hand for face in read_annotations(labels)}
    assert by_photo["b.png"].all()
    assert not by_photo["a.png"].any()
    np.testing.assert_allclose(saved(labels, "b.png"), POINTS, atol=0.01)


def test_a_face_is_left_out_and_taken_back(page, labels):
    page.press("d")
    assert status(page) == "Choose a point of the face first."
    page.press("f")
    page.press("d")
    assert page.evaluate("button('hide').disabled && faces()[0].left_out")
    assert "right_eye of face 1, left out" in page.evaluate("document.body.innerText")
    assert page.evaluate("nearest(toScreen(faces()[0].landmarks[2]))?.face") != 0
    page.press("s")
    page.wait_until("edit().saved && !edit().dirty")
    np.testing.assert_allclose(saved(labels, "b.png"), POINTS + 40, atol=0.01)
    page.press("z", control=True)
    page.press("s")
    page.wait_until("edit().saved && !edit().dirty")
    np.testing.assert_allclose(saved(labels, "b.png"), POINTS, atol=0.01)


def test_saves_are_sent_in_turn(page, labels):
    """The first one is slow; the page says saved when the newest labels are."""
    page.evaluate(
        """(() => { const send = window.fetch; let late = 600; window.sent = 0;
        window.fetch = async (...all) => {
        const wait = late; late = 0; await new Promise((go) => setTimeout(go, wait));
        const reply = await send(...all); window.sent += 1; return reply; }; })()"""
    )
    page.press("f")
    page.press("ArrowLeft", shift=True)
    page.press("s")
    page.press("d")
    page.press("s")
    assert not page.evaluate("edit().saved")
    page.wait_until("edit().saved && !edit().dirty && window.sent === 2")
    np.testing.assert_allclose(saved(labels, "b.png"), POINTS + 40, atol=0.01)


def test_going_on_saves_what_was_changed(page, labels):
    page.press("Tab")
    page.press("ArrowLeft", shift=True)
    page.press("n")
    page.wait_until("state.index === 1 && state.picture !== null")
    assert saved(labels, "b.png")[0][0] < POINTS[0][0]
    assert page.evaluate("photo().name") == "a.png"
    assert page.evaluate("button('next').disabled && !button('previous').disabled")
    rows = page.evaluate("[...document.querySelectorAll('#photos button')].map(r => r.innerText)")
    assert "saved" in rows[0]


def test_what_cannot_be_saved_is_said_and_kept(page, labels):
    labels.unlink()
    labels.mkdir()
    page.press("Tab")
    page.press("h")
    page.press("s")
    page.wait_until("document.querySelector('#status').className === 'warning'")
    assert status(page).startswith("Not saved: ")
    assert page.evaluate("edit().dirty")


def test_nothing_is_fetched_from_elsewhere(page):
    origin = page.evaluate("location.origin")
    assert {url for url in page.requests if not url.startswith(origin)} <= set()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
