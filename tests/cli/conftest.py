from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from asmnet_sdk.cli.program import main
from tests.dot_model import BOX, DOTS, picture_with_dots

AT_BOX = ["--box", *map(str, BOX)]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / name), picture_with_dots((120, 90), *DOTS)[:, :, ::-1])
    return folder


@pytest.fixture
def run(dot_model, capsys):
    def call(*arguments: object) -> tuple[int, str, str]:
        words = [str(argument) for argument in arguments]
        if words[0] in ("predict", "evaluate"):
            words += ["--model", str(dot_model), "--device", "cpu", "--offline"]
        code = main(words)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
