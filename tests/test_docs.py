"""The documentation: its code runs, its links lead somewhere, and it names what is public."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

import asmnet_sdk
from asmnet_sdk import FaceAligner, ModelDownloadError, errors
from asmnet_sdk.cli import installation
from asmnet_sdk.cli.program import main, make_parser
from asmnet_sdk.hub.registry import DEFAULT_MODEL, find_model
from asmnet_sdk.hub.resolving import MIRROR_VARIABLE, resolve_model
from tests.browser import Browser
from tests.conftest import EXAMPLES, REPOSITORY, SHARED
from tests.example_boxes import ASTRONAUT_BOX

DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
YUNET = find_model("yunet")
YUNET_FILE = SHARED / "peers" / YUNET.filename
LARGEST_IMAGES_BYTES = 1_500_000

# "python" blocks are run, "py" blocks are only shown; blocks within tabs are indented.
FLAGS = re.DOTALL | re.MULTILINE
CODE = re.compile(r"^( *)```python\n(.*?)^\1```$", FLAGS)
SHELL = re.compile(r"^( *)```bash\n(.*?)^\1```$", FLAGS)
TOML = re.compile(r"^( *)```toml\n(.*?)^\1```$", FLAGS)
INLINE = re.compile(r"`(asmnet [a-z][^`]*)`")
# What a test cannot run: .ci/run does the first one and TESTING, the latter with further extras;
# the others change what is installed.
MENDING = ["pip uninstall -y opencv-python-headless opencv-python", "pip install opencv-python"]
INSTALLING = {"pip install .", "pip install asmnet-sdk", *MENDING}
TESTING = ['pip install -e ".[dev]"', "pytest -n 2 --dist loadfile"]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def page_id(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def python_blocks(page: Path) -> Iterator[str]:
    """Yield the code of each block, after as many empty lines as the page has before it."""
    text = page.read_text(encoding="utf-8")
    for found in CODE.finditer(text):
        yield "\n" * text.count("\n", 0, found.start(2)) + textwrap.dedent(found[2])


def links_of(page: Path) -> list[str]:
    text = re.sub(
        r"^( *)```.*?^\1```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    return [link for link in LINK.findall(text) if "://" not in link and not link.startswith("#")]


@pytest.fixture(scope="session")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aligner: FaceAligner) -> Path:
    """A folder with the files that the snippets name, without a network."""
    portrait = EXAMPLES / "astronaut.jpg"
    for folder in (tmp_path, tmp_path / "photos"):
        assert main(["sample", str(folder)]) == 0
    for name in ("my-model.onnx", "my.onnx"):
        shutil.copy(resolve_model(DEFAULT_MODEL), tmp_path / name)
    annotate(portrait, aligner, tmp_path / "mine" / "train" / "people")
    (tmp_path / "examples").mkdir()
    shutil.copy(portrait, tmp_path / "examples")
    if YUNET_FILE.is_file():
        (tmp_path / "models" / YUNET.name).mkdir(parents=True)
        shutil.copy(YUNET_FILE, tmp_path / "models" / YUNET.name)
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def annotate(photo: Path, aligner: FaceAligner, folder: Path) -> None:
    """Write a photo and its points, as 300-W has them."""
    folder.mkdir(parents=True)
    shutil.copy(photo, folder)
    [face] = aligner.predict(photo, ASTRONAUT_BOX)
    points = "".join(f"{x} {y}\n" for x, y in (face.landmarks + 1).tolist())
    (folder / photo.name).with_suffix(".pts").write_text(f"version: 1\n{{\n{points}}}\n")


def commands_of(page: Path, *, inline: bool = False) -> list[str]:
    """Return the lines of the shell blocks of a page, and the ``asmnet`` commands in its text."""
    text = page.read_text("utf-8")
    blocks = [textwrap.dedent(found[2]).replace("\\\n", "") for found in SHELL.finditer(text)]
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line] + (INLINE.findall(text) if inline else [])


@pytest.mark.parametrize("page", [page for page in PAGES if any(python_blocks(page))], ids=page_id)
def test_python_snippets_run(page: Path, workplace: Path):
    """In one namespace for the page, in order, as a reader would type them."""
    blocks = list(python_blocks(page))
    if not YUNET_FILE.is_file() and any("models/yunet/" in block for block in blocks):
        pytest.skip("the YuNet model file is not at hand")
    namespace = {"__name__": "__docs__"}
    try:
        for block in blocks:
            exec(compile(block, str(page), "exec"), namespace)
    except ModelDownloadError:
        if YUNET_FILE.is_file():
            raise
        pytest.skip("the YuNet model file is not at hand")


@pytest.mark.parametrize(
    ("library", "made"),
    [
        ("pandas", "len(frame) == 1 and frame['x30'][0] == faces[0].landmarks[30, 0]"),
        ("supervision", "key_points.xy.shape == (1, 68, 2) and len(detections) == 1"),
        ("dlib", "shape.num_parts == 68 and shape.rect.left() == round(face.box.x_min)"),
    ],
)
def test_results_reach_other_libraries(library: str, made: str, workplace: Path):
    """The block that the page shows under a library's name, after those that run anyway."""
    pytest.importorskip(library, reason=f"{library} is not installed")
    page = DOCS / "guides" / "results.md"
    shown = re.search(rf"^## {library}\n.*?```py\n(.*?)^```$", page.read_text("utf-8"), FLAGS)
    namespace = {"__name__": "__docs__"}
    for block in (*python_blocks(page), shown[1]):
        exec(compile(block, str(page), "exec"), namespace)
    assert eval(made, namespace)


def test_web_service_of_the_guide_answers(workplace: Path):
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    client_of = pytest.importorskip("fastapi.testclient").TestClient
    page = DOCS / "guides" / "services.md"
    shown = re.search(r"^## A web service\n.*?```py\n(.*?)^```$", page.read_text("utf-8"), FLAGS)
    namespace = {"__name__": "__docs__"}
    exec(compile(shown[1], str(page), "exec"), namespace)
    photo = (workplace / "portrait.jpg").read_bytes()
    answer = client_of(namespace["app"]).post("/faces", files={"photo": photo})
    assert [record["layout"] for record in answer.json()] == ["IBUG_68"]


@pytest.mark.parametrize("name", ["README.md", "docs/index.md", "docs/quickstart.md"])
def test_commands_run(name: str, workplace: Path):
    for line in commands_of(REPOSITORY / name):
        command, *words = shlex.split(line)
        if line not in INSTALLING and line not in TESTING:
            assert command == "asmnet", line
            run = [sys.executable, "-m", "asmnet_sdk", *words]
            result = subprocess.run(run, cwd=workplace, capture_output=True, check=False)
            assert result.returncode == 0, f"{line}: {result.stderr.decode()}"


def test_home_mends_two_opencvs_as_the_doctor_says(monkeypatch):
    opencvs = {"opencv-python-headless": "5.0.0", "opencv-python": "5.0.0"}
    monkeypatch.setattr(installation, "installed_version", opencvs.get)
    [advice] = installation.find_conflicts()
    assert f": {MENDING[0]}, then install the one you need" in advice
    assert [line for line in commands_of(DOCS / "index.md") if line in MENDING] == MENDING


def test_ci_installs_as_the_readme_says():
    steps = (REPOSITORY / ".ci" / "run").read_text("utf-8")
    assert re.search(r"pip install --quiet \.$", steps, re.MULTILINE)


def test_ci_tests_as_the_readme_says():
    steps = (REPOSITORY / ".ci" / "run").read_text("utf-8")
    assert [line for line in commands_of(REPOSITORY / "README.md") if line in TESTING] == TESTING
    assert re.search(r'pip install --quiet -e "\.\[dev\b', steps)
    assert f"\n{TESTING[-1]}\n" in steps


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_command_is_understood(page: Path, capsys):
    """The parser takes it, with all its options; a command's name alone is no command."""
    parser, _ = make_parser()
    for line in commands_of(page, inline=True):
        command, *words = shlex.split(re.split(r" \\?[>|] ", line)[0], comments=True)
        if command == "asmnet" and len(words) > 1:
            with contextlib.suppress(SystemExit):
                parser.parse_args(words)
            assert "error" not in capsys.readouterr().err, line


@pytest.mark.parametrize("page", [page for page in PAGES if TOML.search(page.read_text("utf-8"))])
def test_configurations_describe_runs(page: Path, tmp_path: Path):
    pytest.importorskip("torch", reason="the extra [train] is not installed")
    from asmnet_sdk.training.configuration import read_config

    for found in TOML.finditer(page.read_text("utf-8")):
        if "--8<--" in found[2]:  # an example's file, which has a test of its own
            continue
        (tmp_path / "run.toml").write_text(textwrap.dedent(found[2]), "utf-8")
        assert read_config(tmp_path / "run.toml").photos


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_and_pictures_exist(page: Path, hooks):
    cards = {DOCS / "models" / f"{name}.md" for name in hooks.card_names()}
    for link in links_of(page):
        target = (page.parent / link.split("#")[0]).resolve()
        assert target.exists() or target in cards, f"{page_id(page)} links to {link}"


def test_every_picture_is_used_and_all_are_small():
    used = {
        (page.parent / link.split("#")[0]).resolve() for page in PAGES for link in links_of(page)
    }
    pictures = list((DOCS / "images").iterdir())
    assert [picture.name for picture in pictures if picture not in used] == []
    assert sum(picture.stat().st_size for picture in pictures) < LARGEST_IMAGES_BYTES


def test_drawings_are_those_that_the_code_draws(tmp_path, monkeypatch):
    """``python docs/make_pictures.py`` draws them anew; photos may differ by processor."""
    monkeypatch.syspath_prepend(str(DOCS))
    drawing = importlib.import_module("make_pictures")
    for draw in drawing.DRAWINGS:
        draw(tmp_path)
    drawn = sorted(tmp_path.iterdir())
    assert drawn
    for picture in drawn:
        committed = DOCS / "images" / picture.name
        assert committed.read_text("utf-8") == picture.read_text("utf-8"), picture.name


def test_reference_names_everything_public():
    reference = (DOCS / "reference.md").read_text("utf-8")
    missing = [name for name in asmnet_sdk.__all__ if not re.search(rf"\b{name}\b", reference)]
    assert missing == []


def test_troubleshooting_has_every_error():
    headings = (DOCS / "troubleshooting.md").read_text("utf-8").splitlines()
    missing = [
        name for name in errors.__all__ if name.endswith("Error") and f"## {name}" not in headings
    ]
    assert missing == []


def test_command_line_page_has_the_help_of_every_command(hooks):
    page = hooks.expand((DOCS / "command-line.md").read_text("utf-8"))
    commands = hooks.command_names()
    assert {"predict", "evaluate", "models", "download", "doctor"} <= set(commands)
    for command in commands:
        assert f"## asmnet {command}\n\n```text\nusage: asmnet {command} " in page


def test_home_states_the_figures_of_the_weights(hooks, aligner: FaceAligner):
    home = hooks.expand((DOCS / "index.md").read_text("utf-8"))
    nme = re.search(r"^\| annotated boxes \| ([\d.]+) \|", home, re.MULTILINE)
    assert float(nme[1]) == pytest.approx(aligner.model.figures["nme_percent"], abs=0.006)


def test_directives_are_all_known(hooks):
    """A remark for editors starts with a capital letter, a directive does not."""
    for page in DOCS.rglob("*.md"):
        expanded = hooks.expand(page.read_text("utf-8"))
        assert not re.search(r"^<!-- [a-z]", expanded, re.MULTILINE), page_id(page)


def test_what_is_not_there_is_not_included(hooks):
    for directive in ("include NOTHING.md", "include CHANGELOG.md#Nothing", "figures nothing"):
        with pytest.raises(ValueError, match=r"no file|no section"):
            hooks.expand(f"<!-- {directive} -->\n")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not all(importlib.util.find_spec(name) for name in ("material", "mkdocstrings_handlers")):
        pytest.skip("the documentation tools are not installed: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("blink", "guides/eyes/"),
        ("pandas", "cookbook/"),
        ("notebook", "cookbook/"),
        ("occlusion", "cookbook/"),
    ],
)
def test_search_finds_what_people_look_for(site, word, page):
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    found = [
        entry["location"]
        for entry in index["docs"]
        if re.search(rf"\b{word}", f"{entry['title']} {entry['text']}", re.IGNORECASE)
    ]
    assert any(location.startswith(page) for location in found), found


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("occlusion", "cookbook/ Occlusion: points that are covered or turned away"),
        ("occluded", "conventions/ Turned and covered faces"),
        ("blink", "guides/eyes/"),
        ("arcface", "cookbook/ Crops for ArcFace, SphereFace and FFHQ"),
    ],
)
def test_search_in_a_browser_shows_the_page_first(site, words, first):
    handler = functools.partial(QuietHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, Browser() as browser:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.open(f"http://127.0.0.1:{server.server_port}/?q={words}")
        result = browser.page.locator(".md-search-result__item").first
        result.wait_for(state="attached")
        address = result.locator("a").first.get_attribute("href")
        titles = result.locator("h1, h2").all_text_contents()
        server.shutdown()
    path = address.split(f":{server.server_port}/")[1].split("?")[0]
    page, _, section = first.partition(" ")
    assert path == page
    assert not section or section in titles


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder and prints nothing."""

    def log_message(self, *values: object) -> None:
        pass


def test_site_shows_every_example(site):
    text = (site / "examples" / "index.html").read_text("utf-8")
    for example in (*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*.ipynb")):
        assert f">{example.name}<" in text.replace("examples/", ""), example.name


def test_site_fetches_nothing_from_elsewhere(site):
    fetching = re.compile(
        r"(?:src=|<link (?!rel=\"(?:canonical|alternate|edit)\")[^>]*href=|url\()[\"']?https?://"
    )
    for page in site.rglob("*.html"):
        assert not fetching.search(page.read_text("utf-8")), page


# Shown pictures that did not load, and whether the page is wider than the screen.
LOOK = """(() => {
    const shown = [...document.images].filter(i => getComputedStyle(i).display !== 'none');
    const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
    return {
        broken: shown.filter(i => i.complete && !i.naturalWidth).map(i => i.src),
        wide,
        scheme: document.body.dataset.mdColorScheme,
    };
})()"""


@pytest.mark.parametrize(("width", "scheme"), [(1280, "default"), (390, "slate")])
def test_pages_fit_a_screen_and_show_their_pictures(site, width, scheme):
    """On a desktop in light mode, on a phone in dark mode."""
    with Browser() as browser:
        browser.resize(width, 900, dark=scheme == "slate")
        for page in sorted(site.rglob("index.html")):
            browser.open(page)
            seen = browser.evaluate(LOOK)
            assert seen == {"broken": [], "wide": False, "scheme": scheme}, page


# On a sheet of A4, what is wider than its box and so would be cut off.
CUT = """[...document.querySelectorAll('.md-content :is(pre, table, img)')].filter(
    box => box.scrollWidth > box.clientWidth + 1 && box.clientWidth
).map(box => box.outerHTML.slice(0, 200))"""


def test_pages_print_whole(site):
    with Browser() as browser:
        browser.resize(690, 980)
        for page in sorted(site.rglob("index.html")):
            browser.open(page)
            browser.page.emulate_media(media="print")
            assert browser.evaluate(CUT) == [], page
