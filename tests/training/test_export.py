from __future__ import annotations

import hashlib
import logging
from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import BoundingBox, FaceAligner, ModelFileError
from asmnet_sdk.datasets import read_annotations
from asmnet_sdk.landmarks.contract import ModelMetadata
from asmnet_sdk.landmarks.scoring import face_score
from asmnet_sdk.training.export import export_network
from asmnet_sdk.training.networks import SpatialAsmnet
from lab.release import write_release
from tests.conftest import EXAMPLES
from tests.dotted_faces import write_dotted_photos
from tests.tiny_network import TinyNetwork


class WholePicture:
    def detect(self, image):
        return [BoundingBox(0, 0, image.shape[1] - 1, image.shape[0] - 1)]


METADATA = ModelMetadata(
    name="tiny",
    layout="IBUG_68",
    input_size=64,
    crop_scale=1.35,
    training_data="none",
    licence="Apache-2.0",
)


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def test_exported_network_runs_in_the_aligner_as_in_torch(tmp_path):
    torch.manual_seed(0)
    network = SpatialAsmnet().eval()
    path = tmp_path / "tiny.onnx"
    export_network(network, METADATA, path)
    crop = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    face = FaceAligner(path, passes=1).predict_crop(crop, color="rgb")
    with torch.inference_mode():
        expected = network(torch.from_numpy(crop / 127.5 - 1).float().permute(2, 0, 1)[None])
    np.testing.assert_allclose(face.landmarks, expected.landmarks[0] * 64 - 0.5, atol=1e-2)
    pose = face.head_pose
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx(
        expected.head_pose[0].tolist(), abs=1e-2
    )
    sigma = expected.landmark_log_sigma[0].exp().numpy()
    np.testing.assert_allclose(face.landmark_sigma, 64 * sigma, rtol=1e-3)
    score = face_score(expected.face_logit.sigmoid().item(), float(sigma.mean()))
    assert face.score == pytest.approx(score, abs=1e-3)
    assert list(tmp_path.iterdir()) == [path]


def test_network_without_radius_and_score_exports_without_them(tmp_path):
    path = tmp_path / "tiny.onnx"
    export_network(TinyNetwork(), METADATA, path)
    face = FaceAligner(path).predict_crop(np.zeros((64, 64, 3), np.uint8))
    assert face.score is None
    assert face.landmark_sigma is None


def test_export_says_nothing(tmp_path, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    export_network(TinyNetwork(), METADATA, tmp_path / "tiny.onnx")
    assert capfd.readouterr() == ("", "")
    assert not [r for r in caplog.records if r.name.startswith(("torch.onnx", "onnx"))]
    assert logging.getLogger("onnxscript").level == logging.NOTSET


def test_export_that_breaks_the_contract_leaves_no_file(tmp_path):
    metadata = replace(METADATA, layout="WFLW_98")
    with pytest.raises(
        ModelFileError,
        match=r"'landmarks' is tensor\(float\) .* needed tensor\(float\) \(N, 98, 2\)",
    ):
        export_network(TinyNetwork(), metadata, tmp_path / "bad.onnx")
    assert list(tmp_path.iterdir()) == []


def test_release_holds_model_card_and_checksum(tmp_path):
    faces = read_annotations(write_dotted_photos(tmp_path / "test", 2))
    folder = tmp_path / "hub"
    figures = write_release(TinyNetwork(), METADATA, folder, test_faces=faces, protocol="dots")
    model = folder / "model.onnx"
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert (folder / "SHA256SUMS").read_text() == f"{digest}  model.onnx\n"
    card = (folder / "README.md").read_text()
    assert digest in card
    assert TinyNetwork.summary in card
    assert "landmark_sigma" not in card
    assert figures.sigma is None
    assert "hard-cases" not in card
    stated = FaceAligner(model).model.figures
    assert stated["nme_percent"] == pytest.approx(figures.annotated_boxes[0].nme_percent, abs=1e-3)
    assert stated["parameters"] == 4 * 136 + 4 * 3


def test_card_compares_time_and_shows_end_to_end_figures(tmp_path):
    faces = read_annotations(write_dotted_photos(tmp_path / "test", 2))
    export_network(TinyNetwork(), METADATA, tmp_path / "reference.onnx")
    figures = write_release(
        TinyNetwork(),
        METADATA,
        tmp_path / "hub",
        test_faces=faces,
        protocol="dots",
        detectors={"whole picture": WholePicture()},
        reference=FaceAligner(tmp_path / "reference.onnx", threads=1),
        portraits=[EXAMPLES / "astronaut.jpg"],
    )
    card = (tmp_path / "hub" / "README.md").read_text()
    assert "at the boxes that whole picture finds:" in card
    assert f"| time | {figures.time_ratio:.2f} x that of asmnet-68-paper" in card
    assert "(tiny-hard-cases.jpg)" in card
    picture = tmp_path / "hub" / "tiny-hard-cases.jpg"
    assert cv2.imread(str(picture)).shape == (532, 960, 3)
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    checksums = (tmp_path / "hub" / "SHA256SUMS").read_text().splitlines()
    assert checksums[1] == f"{digest}  tiny-hard-cases.jpg"


def test_card_of_another_layout_says_what_was_not_measured(tmp_path):
    faces = read_annotations(write_dotted_photos(tmp_path / "test", 1))
    metadata = replace(METADATA, layout="WFLW_98")
    write_release(TinyNetwork(98), metadata, tmp_path, test_faces=faces, protocol="dots")
    card = (tmp_path / "README.md").read_text()
    assert "**Its other points were never measured against annotations.**" in card
