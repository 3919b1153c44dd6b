from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from asmnet_sdk import FaceAligner
from tests.dot_model import DOTS, picture_with_dots, write_dot_model

REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLES = REPOSITORY / "examples"
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def dot_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dot_model(tmp_path_factory.mktemp("models") / "dots.onnx")


@pytest.fixture(scope="session")
def dot_aligner(dot_model: Path) -> FaceAligner:
    return FaceAligner(dot_model, device="cpu", passes=1)


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    """An RGB picture: red, green and blue dot at ``DOTS``."""
    return picture_with_dots((120, 90), *DOTS)


@pytest.fixture(scope="session")
def aligner() -> FaceAligner:
    return FaceAligner(device="cpu", local_files_only=True)


@pytest.fixture(scope="session")
def common_test_set() -> Path:
    folder = SHARED / "data" / "300w" / "test"
    if not folder.is_dir():
        pytest.skip("the 300-W common test set is not at hand")
    return folder


@pytest.fixture(scope="session")
def yunet_file() -> Path:
    file = SHARED / "peers" / "face_detection_yunet_2023mar.onnx"
    if not file.is_file():
        pytest.skip("the YuNet model file is not at hand")
    return file


@pytest.fixture
def heeded_interruption() -> Iterator[None]:
    """Let new processes heed Ctrl-C even where the tests run in the background of a shell.

    A shell without job control starts such a run with SIGINT ignored, and what it starts inherits
    that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
