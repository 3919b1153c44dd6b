"""Our models beside other projects' models: same photos, same detector, one interleaved run.

Usage: python benchmarks/peers.py 300w/test PEERS_FOLDER [--json FILE]

PEERS_FOLDER holds the files of the peers, none of which is part of this project:

    cunjian_pfld.onnx                  github.com/cunjian/pytorch_face_landmark, onnx/pfld.onnx
    PFLD_GhostOne_112_1_opt_sim.onnx   github.com/AnthonyF333/PFLD_GhostOne, onnx_models/
    peppa_slim_160.onnx                github.com/ainrichman/Peppa-Facial-Landmark-PyTorch,
                                       pretrained_weights/slim_160_latest.onnx
    face_detection_yunet_2023mar.onnx  the detector

Each model gets the crop that suits it best. A time is that of one crop and one run on one thread,
from photo and box to landmarks in the photo; the models take turns, so a busy moment hits all.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from asmnet_sdk import BoundingBox, YuNetDetector, load_image
from asmnet_sdk.benchmarking import describe_machine
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.geometry import intersection_over_union
from asmnet_sdk.hub import resolve_model
from asmnet_sdk.landmark_network import LandmarkNetwork
from asmnet_sdk.layouts import IBUG_68, WFLW_98, convert_landmarks
from asmnet_sdk.metrics import failure_rate, inter_ocular_nme
from asmnet_sdk.preprocessing import crop_matrix, crop_to_image, cut_crop

OUR_MODELS = ("asmnet-68", "asmnet-68-int8", "asmnet-68-fast")

Image = NDArray[np.uint8]
Landmarks = NDArray[np.float32]
Predict = Callable[[Image, BoundingBox], Landmarks]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerModel:
    """How another project's model is run.

    Attributes:
        file: File name.
        size: Side of its crop in pixels.
        annotated_crop: Crop side / longer side of the annotated box, and how far down its centre
            moves, as a share of the box height.
        detected_crop: The same for YuNet's own box.
        prepare: (S, S, 3) RGB crop -> (3, S, S) float32.
        points: Number of landmarks; of 98, those of the 68 are compared.
        offset: Added to landmarks in pixels of the crop: 0 where the model counts from the edge of
            the first pixel, 0.5 where it counts from its centre; what fits training photos better.
    """

    file: str
    size: int
    annotated_crop: tuple[float, float]
    detected_crop: tuple[float, float]
    prepare: Callable[[Image], NDArray[np.float32]]
    points: int = 68
    offset: float = 0.0


def _rgb_to_unit(crop: Image) -> NDArray[np.float32]:
    return crop.astype(np.float32) / 255


def _bgr_around_zero(crop: Image) -> NDArray[np.float32]:
    return (crop[..., ::-1].astype(np.float32) - 127) / 127


PEERS = {
    "PFLD (cunjian)": PeerModel(
        file="cunjian_pfld.onnx",
        size=112,
        annotated_crop=(1.25, -0.05),
        detected_crop=(1.05, 0.0),
        prepare=_rgb_to_unit,
    ),
    "PFLD-GhostOne": PeerModel(
        file="PFLD_GhostOne_112_1_opt_sim.onnx",
        size=112,
        annotated_crop=(1.15, 0.025),
        detected_crop=(1.05, 0.0),
        prepare=lambda crop: (crop[..., ::-1].astype(np.float32) / 255 - 0.5) / 0.5,
        points=98,
        offset=0.5,
    ),
    "Peppa slim 160": PeerModel(
        file="peppa_slim_160.onnx",
        size=160,
        annotated_crop=(1.45, 0.05),
        detected_crop=(1.2, -0.05),
        prepare=_bgr_around_zero,
        offset=0.5,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is printed of one model."""

    model: str
    nme_annotated_percent: float
    nme_detected_percent: float
    failures_detected_percent: float
    milliseconds: float
    megabytes: float


def load_peer(peer: PeerModel, folder: Path) -> tuple[Predict, Predict]:
    """Return how it predicts at annotated boxes and at YuNet's own boxes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        str(folder / peer.file), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name

    def predict_with(crop_rule: tuple[float, float]) -> Predict:
        scale, down = crop_rule

        def predict(image: Image, box: BoundingBox) -> Landmarks:
            shift = down * box.height
            moved = BoundingBox(box.x_min, box.y_min + shift, box.x_max, box.y_max + shift)
            matrix = crop_matrix(moved, crop_scale=scale, size=peer.size)
            crop = cut_crop(image, matrix, (peer.size, peer.size))
            tensor = np.ascontiguousarray(peer.prepare(crop).transpose(2, 0, 1)[np.newaxis])
            values = session.run(None, {name: tensor})[0].reshape(-1)[: 2 * peer.points]
            positions = values.reshape(-1, 2) + np.float32(peer.offset / peer.size)
            landmarks = crop_to_image(positions, matrix, peer.size)
            layout = IBUG_68 if peer.points == 68 else WFLW_98
            return convert_landmarks(landmarks, layout, IBUG_68)

        return predict

    return predict_with(peer.annotated_crop), predict_with(peer.detected_crop)


def load_ours(name: str) -> tuple[Predict, Predict]:
    """Return how a model of ours predicts; face boxes are the same to it, whoever found them."""
    network = LandmarkNetwork(resolve_model(name), device="cpu", threads=1)

    def predict(image: Image, box: BoundingBox) -> Landmarks:
        [face] = network.predict([network.cut(image, box)])
        return face.landmarks

    return predict, predict


def yunet_box(face_box: BoundingBox) -> BoundingBox:
    """Return YuNet's own box, from hair line to chin, of a face box that it gave."""
    height = face_box.height / (1 - 0.245)
    return BoundingBox(face_box.x_min, face_box.y_max - height, face_box.x_max, face_box.y_max)


def compare(
    faces: Sequence[AnnotatedFace], peers_folder: Path
) -> tuple[dict[str, dict[str, list[float]]], int]:
    """Return model -> errors and times, and how many faces the detector missed."""
    detector = YuNetDetector(peers_folder / "face_detection_yunet_2023mar.onnx", threads=1)
    ours = {name: load_ours(name) for name in OUR_MODELS}
    others = {name: load_peer(peer, peers_folder) for name, peer in PEERS.items()}
    results: dict[str, dict[str, list[float]]] = {
        name: {"annotated": [], "detected": [], "seconds": []} for name in (*ours, *others)
    }
    missed = 0
    for face in faces:
        image = load_image(face.photo)
        truth = BoundingBox.around(face.landmarks)
        found = [box for box in detector.detect(image) if _overlap(box, truth) >= 0.5]
        missed += not found
        for name, (at_annotated, at_detected) in {**ours, **others}.items():
            record = results[name]
            started = time.perf_counter()
            landmarks = at_annotated(image, truth)
            record["seconds"].append(time.perf_counter() - started)
            record["annotated"].append(float(inter_ocular_nme(landmarks, face.landmarks)))
            if found:
                box = max(found, key=lambda box: _overlap(box, truth))
                landmarks = at_detected(image, box if name in ours else yunet_box(box))
                record["detected"].append(float(inter_ocular_nme(landmarks, face.landmarks)))
    return results, missed


def _overlap(box: BoundingBox, other: BoundingBox) -> float:
    return float(intersection_over_union(list(box), list(other))[0, 0])


def summarise(results: dict[str, dict[str, list[float]]], peers_folder: Path) -> list[Row]:
    """Return a row a model, the most accurate end to end first."""
    rows = []
    for name, record in results.items():
        path = peers_folder / PEERS[name].file if name in PEERS else resolve_model(name)
        rows.append(
            Row(
                model=name,
                nme_annotated_percent=float(np.mean(record["annotated"])),
                nme_detected_percent=float(np.mean(record["detected"])),
                failures_detected_percent=failure_rate(record["detected"]),
                milliseconds=float(np.median(record["seconds"]) * 1000),
                megabytes=path.stat().st_size / 1e6,
            )
        )
    return sorted(rows, key=lambda row: row.nme_detected_percent)


def main() -> None:
    """Compare and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="300-W common test set")
    parser.add_argument("peers", type=Path, help="folder with the peers' files")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    results, missed = compare(read_annotations(options.root), options.peers)
    rows = summarise(results, options.peers)
    print("| model | NME %, annotated boxes | NME %, YuNet | failures % | ms a face | MB |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.model} | {row.nme_annotated_percent:.2f} | {row.nme_detected_percent:.2f} | "
            f"{row.failures_detected_percent:.2f} | {row.milliseconds:.2f} | {row.megabytes:.1f} |"
        )
    print(f"\nfaces that YuNet missed: {missed}; one thread;", describe_machine())
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
