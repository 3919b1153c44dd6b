"""The HTML report of ``asmnet predict``: what it holds, and what a browser makes of it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from asmnet_sdk import FIVE_POINT, IBUG_68, BoundingBox, Face, HeadPose
from asmnet_sdk.cli import main
from asmnet_sdk.cli.report import Report
from asmnet_sdk.cli.report_pictures import (
    LARGE_FACE,
    THUMBNAIL,
    Limits,
    face_picture,
    photo_limits,
    photo_picture,
    pictures_of,
)
from asmnet_sdk.exporting import faces_to_csv
from tests.browser import Browser
from tests.dot_model import picture_with_dots
from tests.turned_eyes import eyes_of

HOSTILE = "<img src=x onerror=alert(1)>.jpg"
GREY = np.full((200, 300, 3), 90, np.uint8)


def face_at(box: BoundingBox, *, yaw: float = 0, sigma: float | None = 1.0, **options) -> Face:
    """A face whose outer eye corners are 50 px apart, with eyes 0.2 and lips 0.5 open."""
    pose = HeadPose(yaw, -2.5, 3.25)
    points = np.tile(np.float32([box.center]), (68, 1))
    eyes = eyes_of(pose, upper=0.1, lower=0.1) / 10
    for first, outer, side in ((36, 36, -25), (42, 45, 25)):
        eye = eyes[first : first + 6] - eyes[outer]
        points[first : first + 6] = eye + box.center + np.float32([side, -20])
    points[[60, 61, 63, 64, 65, 67]] = np.float32(
        [(0, 0), (5, -5), (15, -5), (20, 0), (15, 5), (5, 5)]
    ) + box.center  # fmt: skip
    return Face(
        landmarks=points,
        head_pose=pose,
        box=box,
        layout=IBUG_68,
        landmark_sigma=None if sigma is None else np.full(68, sigma, np.float32),
        **options,
    )


def add(report: Report, photo: Path, faces: list[Face]) -> None:
    report.add(photo, faces, pictures_of(GREY, faces, photo_limits(1)))


BOX = BoundingBox(60, 40, 160, 160)


class Page(HTMLParser):
    """The elements of a page: (tag, attributes, text within)."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.is_within = False
        self.text = path.read_text("utf-8")
        self.elements: list[list] = []
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.elements.append([tag, dict(attrs), ""])
        self.is_within = True

    def handle_endtag(self, tag):
        self.is_within = False

    def handle_data(self, data):
        if self.is_within:
            self.elements[-1][2] += data

    def of(self, tag: str, **attributes: str) -> list[tuple[dict, str]]:
        return [
            (found, text)
            for name, found, text in self.elements
            if name == tag and attributes.items() <= found.items()
        ]


@pytest.fixture
def report() -> Report:
    return Report(model="dots", photo_count=4)


@pytest.fixture
def page(report: Report, tmp_path: Path) -> Page:
    visible = np.repeat([1, 0], [51, 17])
    faces = [face_at(BOX, yaw=12.25, score=0.987, landmark_visible=visible)]
    add(report, Path("photos/a.jpg"), faces)
    add(report, Path("photos") / HOSTILE, [face_at(BOX, sigma=None)] * 2)
    add(report, Path("wall.png"), [])
    report.add_failure(Path("<b>.png"), "<b>.png: cut <short>")
    report.write(tmp_path / "report.html")
    return Page(tmp_path / "report.html")


def test_a_row_states_the_figures_of_a_face(page: Page):
    cells = page.of("td", role="cell")[:11]
    assert [text for _, text in cells[2:]] == [
        "100 × 120", "+12.2°", "-2.5°", "+3.2°", "0.99", "2.0 %", "51 / 68", "0.20 / 0.20", "0.50",
    ]  # fmt: skip
    keys = [float(found["data-value"]) for found, _ in cells[2:]]
    expected = [120, 12.25, -2.5, 3.25, 0.987, 2.0, 0.75, 0.2, 0.5]
    assert keys == pytest.approx(expected, rel=1e-4)


def test_what_the_model_does_not_say_is_a_dash(page: Page):
    score, sigma, visible = page.of("td", role="cell")[17:20]
    assert (score[1], score[0]["data-value"]) == ("–", "")
    assert (sigma[1], sigma[0]["data-value"]) == ("–", "")
    assert (visible[1], visible[0]["data-value"]) == ("–", "")


def test_five_points_have_no_openness(report, tmp_path):
    add(report, Path("a.jpg"), [face_at(BOX).to_layout(FIVE_POINT)])
    report.write(tmp_path / "r.html")
    assert [text for _, text in Page(tmp_path / "r.html").of("td", role="cell")[-2:]] == ["–"] * 2


def test_summary_counts_faces_and_photos(page: Page):
    assert page.of("h1") == [({}, "3 faces in 3 photos")]
    assert page.of("a", href="#empty")[0][1] == "1 photo without a face"
    assert page.of("a", href="#failed")[0][1] == "1 photo failed"
    assert [text for _, text in page.of("span", **{"class": "which"})] == [
        "face 1 of 2", "face 2 of 2",
    ]  # fmt: skip


def test_photos_without_a_face_and_failures_are_listed(page: Page):
    names = [text for _, text in page.of("bdi", **{"class": "name"})]
    assert names == ["a.jpg", HOSTILE, HOSTILE, "wall.png", "<b>.png"]
    assert page.of("span", **{"class": "reason"}) == [({"class": "reason"}, "cut <short>")]


def test_work_cut_short_is_said(report, tmp_path):
    add(report, Path("a.jpg"), [face_at(BOX)])
    report.write(tmp_path / "r.html")
    assert "Stopped early: 3 photos not looked at." in (tmp_path / "r.html").read_text("utf-8")


def test_page_names_nothing_outside_itself(page: Page):
    sources = [found["src"] for found, _ in page.of("img")]
    assert len(sources) == 6  # three faces, two photos with faces, one without
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    csv, *places = [found["href"] for found, _ in page.of("a")]
    assert csv.startswith("data:text/csv;charset=utf-8;base64,")
    assert places == ["#empty", "#failed"]
    assert not page.of("link")
    namespace = "http://www.w3.org/2000/svg"  # a name, nothing to fetch
    assert not re.search(r"https?:|url\(|@import", page.text.replace(namespace, ""))


def test_link_holds_the_figures_of_every_face_as_csv(report, tmp_path):
    faces = {"a.jpg": [face_at(BOX), face_at(BOX, yaw=3)], "café.jpg": [face_at(BOX)]}
    for name, some in faces.items():
        add(report, Path(name), some)
    report.write(tmp_path / "r.html")
    [(found, _)] = Page(tmp_path / "r.html").of("a", download="faces.csv")
    assert base64.b64decode(found["href"].split(",")[1]).decode() == faces_to_csv(faces)


def test_policy_allows_the_one_script_and_the_one_style(page: Page):
    [(found, _)] = page.of("meta", **{"http-equiv": "Content-Security-Policy"})
    assert found["content"].startswith("default-src 'none'; img-src data:;")
    for tag in ("script", "style"):
        [(_, content)] = page.of(tag)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in found["content"]


def test_bytes_that_are_no_text_become_escapes(report, tmp_path):
    add(report, Path("caf\udce9.jpg"), [])
    report.write(tmp_path / "r.html")
    assert Page(tmp_path / "r.html").of("bdi")[0][1] == "caf\\udce9.jpg"


def test_a_report_that_fails_leaves_the_old_one(tmp_path):
    (tmp_path / "r.html").write_text("old")
    broken = Report(model=None, photo_count=0)
    with pytest.raises(AttributeError):
        broken.write(tmp_path / "r.html")
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
    assert (tmp_path / "r.html").read_text() == "old"


def decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("limits", [THUMBNAIL, LARGE_FACE])
def test_pictures_keep_within_their_limits(limits):
    noise = np.random.default_rng(0).integers(0, 256, (900, 1600, 3), np.uint8)
    for jpeg in (photo_picture(noise, limits), face_picture(noise, face_at(BOX), limits)):
        assert len(jpeg) <= limits.largest_bytes
        assert max(decoded(jpeg).shape) == limits.longest_side


def test_whole_photos_share_a_budget_and_are_never_enlarged():
    assert photo_limits(1) == Limits(longest_side=960, largest_bytes=98_304)
    assert photo_limits(2048).largest_bytes == 32_768
    assert photo_limits(10**6).largest_bytes == 16_384
    assert decoded(photo_picture(GREY, photo_limits(1))).shape == GREY.shape


def test_thumbnail_shows_the_landmarks_where_they_are():
    """Box 200 px, shown 300 px of the photo: 0.64 of its size, its corner at (250, 150)."""
    photo = np.full((600, 800, 3), 60, np.uint8)
    box = BoundingBox(300, 200, 500, 400)
    picture = decoded(face_picture(photo, face_at(box)))
    assert picture.shape == (192, 192, 3)
    x, y = (round((place - start) * 0.64) for place, start in ((400, 250), (300, 150)))
    assert picture[y - 1 : y + 2, x - 1 : x + 2].max() > 200
    assert abs(int(picture[5, 96].mean()) - 60) < 6


@pytest.mark.parametrize("box", [(-50, -50, 20, 20), (295, 195, 400, 300), (10, 10, 11, 11)])
def test_thumbnail_of_a_face_across_the_edge_is_cut(box):
    picture = decoded(face_picture(GREY, face_at(BoundingBox(*box))))
    assert max(picture.shape) == THUMBNAIL.longest_side


def test_predict_writes_the_report(tmp_path, dot_model, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    dots = picture_with_dots((120, 90), (40, 30), (60, 34), (52, 60))
    cv2.imwrite(str(photos / "a.png"), dots[:, :, ::-1])
    (photos / "bad.png").write_bytes(b"no picture")
    words = ["--model", str(dot_model), "--box", "30", "25", "70", "65", "--offline"]
    code = main(["predict", str(photos), "--report", str(tmp_path / "new" / "r.html"), *words])
    assert code == 1
    assert capsys.readouterr().out == ""
    page = Page(tmp_path / "new" / "r.html")
    assert page.of("h1")[0][1] == "1 face in 1 photo"
    assert [text for _, text in page.of("bdi", **{"class": "name"})] == ["a.png", "bad.png"]
    assert page.of("p", **{"class": "note"})[0][1].startswith("Model dots.")


def test_report_never_overwrites_a_photo(tmp_path, dot_model, capsys):
    photo = tmp_path / "a.png"
    cv2.imwrite(str(photo), GREY)
    before = photo.read_bytes()
    assert main(["predict", str(photo), "--report", str(photo), "--model", str(dot_model)]) == 1
    assert ", which is read: name another place" in capsys.readouterr().err
    assert photo.read_bytes() == before


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, report: Report, tmp_path: Path) -> Browser:
    """Three faces in the order b10, b9, hostile; their yaws 5, -7, 20; no sigma in the second."""
    for name, yaw, sigma in (("b10.jpg", 5, 2.0), ("b9.jpg", -7, None), (HOSTILE, 20, 1.0)):
        add(report, Path("photos") / name, [face_at(BOX, yaw=yaw, sigma=sigma)])
    add(report, Path("wall.png"), [])
    report.add_failure(Path(HOSTILE), "broken")
    report.write(tmp_path / "r.html")
    browser.resize(1200, 800)
    browser.open(tmp_path / "r.html")
    return browser


def yaws(browser: Browser) -> list[float]:
    """Return the yaw of every row that is shown."""
    script = (
        "[...document.querySelectorAll('tbody tr')].filter(r => !r.hidden)"
        ".map(r => Number(r.cells[3].dataset.value))"
    )
    return browser.evaluate(script)


def header(browser: Browser, title: str) -> str:
    """Return a selector of the button of a column."""
    script = "[...document.querySelectorAll('thead th')].map(cell => cell.innerText.trim())"
    column = browser.evaluate(script).index(title) + 1
    return f"thead th:nth-child({column}) button"


def test_a_click_on_a_column_sorts_and_another_turns_it_round(opened):
    assert yaws(opened) == [5, -7, 20]
    opened.click(header(opened, "yaw"))
    assert yaws(opened) == [-7, 5, 20]
    opened.click(header(opened, "yaw"))
    assert yaws(opened) == [20, 5, -7]
    sorted_columns = "[...document.querySelectorAll('[aria-sort]')].map(h => h.ariaSort)"
    assert opened.evaluate(sorted_columns) == ["descending"]


def test_names_sort_by_their_numbers(opened):
    opened.click(header(opened, "photo"))
    assert yaws(opened) == [20, -7, 5]


def test_faces_without_the_figure_stay_last_both_ways(opened):
    opened.click(header(opened, "sigma"))
    assert yaws(opened) == [20, 5, -7]
    opened.click(header(opened, "sigma"))
    assert yaws(opened) == [5, 20, -7]


def test_columns_sort_by_keyboard(opened):
    for _ in range(40):
        opened.press("Tab")
        if opened.evaluate("document.activeElement.closest('th')?.innerText.trim()") == "yaw":
            break
    opened.press("Enter")
    assert yaws(opened) == [-7, 5, 20]
    opened.press(" ")
    assert yaws(opened) == [20, 5, -7]
    assert opened.evaluate("document.activeElement.innerText.trim()") == "yaw"


def test_hostile_names_stay_text_and_nothing_is_fetched(opened):
    shown = opened.evaluate(
        "[...document.querySelectorAll('bdi.name')].filter(n => n.innerText.includes('onerror'))"
        ".length"
    )
    assert shown == 2
    opened.click("tbody .view")
    assert opened.evaluate("document.querySelectorAll('img:not([src^=\"data:\"])').length") == 0
    assert [url for url in opened.requests if not url.startswith("data:")] == [
        opened.evaluate("location.href")
    ]
    assert opened.log == []


def test_every_picture_is_shown(opened):
    widths = "[...document.images].map(i => Math.max(i.naturalWidth, i.naturalHeight))"
    assert opened.evaluate(widths) == [LARGE_FACE.longest_side] * 3 + [GREY.shape[1]]


def fill(browser: Browser, label: str, text: str) -> None:
    browser.page.get_by_label(label).fill(text)


def test_filters_keep_what_is_within_their_bounds(opened):
    fill(opened, "yaw, at least", "0")
    assert yaws(opened) == [5, 20]
    fill(opened, "yaw, at most", "10")
    assert yaws(opened) == [5]
    assert opened.evaluate("document.querySelector('#count').value") == "1 of 3 faces shown"
    opened.click("button[type=reset]")
    opened.wait_until("document.querySelector('#count').value.startsWith('3 of 3')")
    assert yaws(opened) == [5, -7, 20]


def test_a_bound_leaves_out_faces_without_the_figure(opened):
    fill(opened, "sigma, at most", "100")
    assert yaws(opened) == [5, 20]


def test_faces_are_filtered_by_the_name_of_their_photo(opened):
    fill(opened, "photo", "B9")
    assert yaws(opened) == [-7]


def test_histogram_counts_all_faces_and_those_shown(opened):
    def description() -> str:
        return opened.evaluate("document.querySelector('#histogram').getAttribute('aria-label')")

    expected = "Faces by yaw: 1 from -8 to -6, 0 from -6 to -4, "
    assert description().startswith(expected)
    assert len(re.findall(r"\b1 from", description())) == 3
    fill(opened, "yaw, at least", "0")
    numbers = "[...document.querySelectorAll('#histogram .number')].map(n => n.textContent)"
    assert opened.evaluate(numbers) == ["0/1", "1", "1"]
    opened.page.get_by_label("Histogram of").select_option("sigma")
    assert description().startswith("Faces by sigma: 1 from 2.0 to")


def shown_in_viewer(browser: Browser) -> list[str]:
    """Return what the dialog says: the photo, the place among the faces, and the yaw."""
    script = (
        "['bdi', '#viewer-place', '.figures > div:nth-child(2) dd']"
        ".map(part => document.querySelector(`#viewer[open] ${part}`)?.textContent)"
    )
    return browser.evaluate(script)


def test_a_click_on_a_face_shows_it_large_and_arrows_go_on(opened):
    fill(opened, "yaw, at least", "0")
    opened.click("tbody .view")
    assert shown_in_viewer(opened) == ["b10.jpg", "1 of 2", "+5.0°"]
    opened.press("ArrowRight")
    assert shown_in_viewer(opened) == [HOSTILE, "2 of 2", "+20.0°"]
    opened.press("ArrowRight")
    assert shown_in_viewer(opened)[1] == "2 of 2"
    opened.press("Escape")
    assert shown_in_viewer(opened) == [None] * 3
    focused = "document.activeElement.closest('tr')?.cells[3].dataset.value"
    opened.wait_until(f"{focused} === '20'")  # the dialog's close comes a moment later
    assert opened.log == []


def test_the_whole_photo_has_a_box_for_each_face_that_leads_to_it(browser, report, tmp_path):
    """Boxes of 100 x 120 and of 50 x 50 in a photo of 300 x 200."""
    faces = [face_at(BOX, yaw=1), face_at(BoundingBox(200, 20, 250, 70), yaw=2)]
    add(report, Path("two.jpg"), faces)
    report.write(tmp_path / "r.html")
    browser.resize(1200, 800)
    browser.open(tmp_path / "r.html")
    browser.click("tbody .view")
    script = """(() => {
        const photo = document.querySelector("#viewer .whole img").getBoundingClientRect();
        return [...document.querySelectorAll("#viewer .box")].map(box => {
            const { left, top, width, height } = box.getBoundingClientRect();
            const scale = 300 / photo.width;
            return [left - photo.left, top - photo.top, width, height].map(v => v * scale);
        });
    })()"""
    expected = [(60.5, 40.5, 100, 120), (200.5, 20.5, 50, 50)]
    np.testing.assert_allclose(browser.evaluate(script), expected, atol=0.6)
    browser.click("#viewer .box:nth-of-type(2)")
    assert shown_in_viewer(browser)[2] == "+2.0°"
    assert browser.evaluate("document.querySelectorAll('#viewer [aria-current]').length") == 1


@pytest.mark.parametrize("width", [390, 1200])
def test_viewer_keeps_within_the_window(opened, width):
    opened.resize(width, 800)
    opened.click("tbody .view")
    part = "document.querySelector('#viewer').getBoundingClientRect()"
    assert opened.evaluate(f"{part}.left >= 0 && {part}.right <= innerWidth")
    assert opened.evaluate("document.querySelector('#viewer').scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [320, 390, 700, 1024, 1400])
def test_page_is_no_wider_than_the_window(opened, width):
    opened.resize(width, 800)
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    beyond = "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right"
    assert opened.evaluate(f"{beyond} > innerWidth + 1).length") == 0


def test_columns_sort_on_a_phone(opened):
    opened.resize(390, 800)
    opened.click(header(opened, "roll"))
    assert opened.evaluate("document.querySelectorAll('[aria-sort=ascending]').length") == 1


def luminance(color: str) -> float:
    levels = np.float64(re.findall(r"\d+", color)[:3]) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("dark", [False, True])
def test_text_reads_well_in_light_and_in_dark(opened, dark):
    """Contrast of at least 4.5, as WCAG 2.1 AA asks for."""
    opened.resize(1200, 800, dark=dark)
    paper = luminance(opened.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert (paper < 0.05) == dark
    selectors = ("td", ".folder", "a", ".reason", "summary", "th button", "legend", "small")
    for selector in (*selectors, "input", ".filters button"):
        script = f"getComputedStyle(document.querySelector('{selector}')).color"
        ink = luminance(opened.evaluate(script))
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 4.5, selector
