"""Types as documentation: what type checkers and editors know of the public names."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import asmnet_sdk
from tests.conftest import EXAMPLES

SAMPLE = Path(__file__).with_name("user_style_sample.py")
STRICT = {
    "typeCheckingMode": "strict",
    "reportUnnecessaryTypeIgnoreComment": "error",
    "reportUnusedExpression": "none",
    # The sample states on purpose what is known already.
    "reportUnnecessaryIsInstance": "none",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a user's folder that holds the sample, away from this repository's settings."""
    shutil.copy(SAMPLE, tmp_path / "sample.py")
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(STRICT))
    return tmp_path


@pytest.fixture
def pyright() -> Path:
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed: pip install 'pyright[nodejs]'")
    return Path(sys.executable).with_name("pyright")


def run(*command: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False
    )


def test_sample_uses_every_public_name():
    text = SAMPLE.read_text()
    missing = [name for name in asmnet_sdk.__all__ if len(re.findall(rf"\b{name}\b", text)) < 2]
    assert missing == ["__version__"]  # once, by way of the module


def test_sample_does_what_its_types_say():
    pytest.importorskip("typing_extensions", reason="it comes with mypy")
    pytest.importorskip("PIL", reason="pillow is not installed")
    from tests.user_style_sample import use_everything

    use_everything(EXAMPLES / "astronaut.jpg")


def test_sample_passes_mypy_strict(project):
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    result = run(
        sys.executable, "-m", "mypy", "--strict", "--config-file=", "sample.py", folder=project
    )
    assert result.stdout == "Success: no issues found in 1 source file\n"


def test_sample_passes_pyright_strict(project, pyright):
    result = run(pyright, "--pythonpath", sys.executable, "sample.py", folder=project)
    assert "0 errors, 0 warnings" in result.stdout, result.stdout


def test_mistakes_are_seen(project, pyright):
    """Without its ``ignore`` comments each mistake of the sample is an error of pyright's."""
    text = re.sub(r"  # type: ignore\[.*", "", (project / "sample.py").read_text())
    (project / "sample.py").write_text(text)
    result = run(pyright, "--pythonpath", sys.executable, "--outputjson", folder=project)
    lines = {
        found["range"]["start"]["line"] for found in json.loads(result.stdout)["generalDiagnostics"]
    }
    expected = {
        number for number, line in enumerate(SAMPLE.read_text().splitlines()) if "# type:" in line
    }
    assert len(expected) == 8
    assert lines == expected


def test_public_types_are_complete(project, pyright):
    """Nothing that is imported from ``asmnet_sdk`` itself has an unknown or inferred type."""
    result = run(
        pyright, "--pythonpath", sys.executable, "--verifytypes", "asmnet_sdk", "--ignoreexternal",
        "--outputjson", folder=project,
    )  # fmt: skip
    symbols = json.loads(result.stdout)["typeCompleteness"]["symbols"]
    homes = {getattr(asmnet_sdk, name).__module__ for name in asmnet_sdk.__all__ if _is_class(name)}
    public = tuple(f"{home}." for home in homes)
    unclear = [
        symbol["name"]
        for symbol in symbols
        if symbol["isExported"]
        and (symbol["name"].count(".") == 1 or symbol["name"].startswith(public))
        and (not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"])
    ]
    assert unclear == []


def _is_class(name: str) -> bool:
    return isinstance(getattr(asmnet_sdk, name), type)


HOVERS = {
    "face.landmarks": ["NDArray[float32]", "(K, 2)", "pixels", "y down"],
    "face.landmark_sigma": ["NDArray[float32] | None", "(K,)", "pixels"],
    "face.landmark_visible": ["NDArray[float32] | None", "(K,)", "probability"],
    "face.head_pose.yaw": ["float", "Degrees", "LEFT of the image"],
    "face.head_pose.pitch": ["float", "Degrees", "UP"],
    "face.head_pose.roll": ["float", "Degrees", "CLOCKWISE"],
    "face.box.x_max": ["float", "pixels"],
    "face.eye_openness": ["tuple[float, float]", "right and the left eye", "subject's"],
    "face.five_points": ["(5, 2)", "right eye, left eye, nose tip"],
}


@pytest.mark.usefixtures("pyright")
def test_hover_in_an_editor_tells_shape_and_unit(tmp_path):
    first = ["from asmnet_sdk import FaceAligner", 'face = FaceAligner().predict("a.jpg")[0]']
    with LanguageServer(tmp_path) as server:
        server.open("\n".join([*first, *HOVERS]))
        for line, (expression, words) in enumerate(HOVERS.items(), len(first)):
            text = server.hover(line, len(expression) - 1)
            assert [word for word in words if word not in text] == [], text


class LanguageServer:
    """pyright as an editor talks to it: as much of the protocol as a hover needs."""

    def __init__(self, folder: Path) -> None:
        self._document = (folder / "code.py").as_uri()
        self._last_id = 0
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("pyright-langserver")), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        plain = {"textDocument": {"hover": {"contentFormat": ["plaintext"]}}}
        capabilities = {"workspace": {"configuration": True}, **plain}
        self._ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities=capabilities)
        self._send(method="initialized", params={})

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, code: str) -> None:
        document = {"uri": self._document, "languageId": "python", "version": 1, "text": code}
        self._send(method="textDocument/didOpen", params={"textDocument": document})

    def hover(self, line: int, character: int) -> str:
        """Return what is shown over a place in the open file."""
        place = {"line": line, "character": character}
        document = {"uri": self._document}
        found = self._ask("textDocument/hover", textDocument=document, position=place)
        text: str = found["contents"]["value"]
        return text

    def _ask(self, method: str, **parameters: object) -> Any:
        self._last_id += 1
        self._send(id=self._last_id, method=method, params=parameters)
        while True:
            message = self._receive()
            if "method" not in message and message.get("id") == self._last_id:
                return message["result"]
            if "method" in message and "id" in message:
                self._answer(message)

    def _answer(self, request: dict[str, Any]) -> None:
        """Answer what the server asks for: the interpreter, or nothing."""
        items = request["params"].get("items", []) if request.get("params") else []
        self._send(id=request["id"], result=[{"pythonPath": sys.executable} for _ in items])

    def _send(self, **message: object) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self._process.stdout.read(length))
