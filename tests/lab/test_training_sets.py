from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")

from asmnet_sdk import IBUG_68
from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.labelling import write_labels
from lab.training_sets import pack_infants


def test_babies_with_points_beside_their_faces_are_left_out(tmp_path: Path):
    folder = tmp_path / "infants" / "train"
    folder.mkdir(parents=True)
    points = np.random.default_rng(0).uniform(20, 80, (68, 2)).astype(np.float32)
    faces = []
    for name in ("youtube2_001", "youtube2_004", *(f"ads_{i}" for i in range(20))):
        cv2.imwrite(str(folder / f"{name}.jpg"), np.full((100, 100, 3), 128, np.uint8))
        photo = folder / f"{name}.jpg"
        faces.append(AnnotatedFace(photo=photo, subset="train", landmarks=points))
    write_labels(faces, "pts", folder, IBUG_68)
    training, validation = pack_infants(tmp_path, tmp_path)
    assert len(validation) > 0
    assert len(training) + len(validation) == 21
