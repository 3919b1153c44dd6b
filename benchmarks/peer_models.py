"""How each model of the comparison is run: ours, ONNX files of others, ours in OpenVINO.

Every loader returns a function from image, box and ``is_detected`` to (68, 2) landmarks in image
pixels; points that a model does not have are NaN. A loader imports what it needs, nothing else, so
that the worker processes start as fast as each model lets them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asmnet_sdk.crops import crop_matrix, crop_to_image, cut_crop
from asmnet_sdk.results import BoundingBox

__all__ = [
    "PEERS",
    "Predict",
    "choose_face",
    "load_onnx_peer",
    "load_openvino",
    "load_ours",
    "load_ours_with_own_detector",
    "move_box",
]

Image: TypeAlias = NDArray[np.uint8]
Landmarks: TypeAlias = NDArray[np.float32]
Predict: TypeAlias = Callable[[Image, BoundingBox, bool], Landmarks]
CropRule: TypeAlias = tuple[float, float]

# WFLW_98 -> IBUG_68, as asmnet_sdk.layouts has it.
_WFLW_TO_IBUG = [
    *range(0, 33, 2), *range(33, 38), *range(42, 47), *range(51, 60), *(60, 61, 63, 64, 65, 67),
    *(68, 69, 71, 72, 73, 75), *range(76, 96),
]  # fmt: skip
# The iBUG point of each of OpenSeeFace's 66: the mouth in another order, without 60 and 64.
_OPENSEEFACE_TO_IBUG = [
    *range(48), *range(49, 54), *range(55, 60), 48, 61, 62, 63, 54, 65, 66, 67,
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerModel:
    """How an ONNX file of another project is run.

    Attributes:
        file: File name.
        size: Side of its crop in pixels.
        annotated_crop: Crop side / longer side of the annotated box, and how far down its centre
            moves, as a share of the box height.
        detected_crop: The same for YuNet's own box. ``peer_crops.py`` says how well they fit.
        prepare: (S, S, 3) RGB crop -> (S, S, 3) float32.
        decode: First output -> (68, 2) positions in [0, 1] of the crop.
        offset: Added to positions in pixels of the crop: 0 where the model counts from the edge of
            the first pixel, 0.5 where it counts from its centre; what fits training photos better.
    """

    file: str
    size: int
    annotated_crop: CropRule
    detected_crop: CropRule
    prepare: Callable[[Image], NDArray[np.float32]]
    decode: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    offset: float = 0.0


def _normalised(crop: Image, mean: ArrayLike, scale: ArrayLike) -> NDArray[np.float32]:
    centred: NDArray[np.float32] = crop.astype(np.float32) - np.asarray(mean, np.float32)
    return (centred / np.asarray(scale, np.float32)).astype(np.float32, copy=False)


def _rgb_to_unit(crop: Image) -> NDArray[np.float32]:
    return _normalised(crop, 0, 255)


def _bgr_around_zero(crop: Image) -> NDArray[np.float32]:
    return _normalised(crop[..., ::-1], 127, 127)


def _rgb_of_imagenet(crop: Image) -> NDArray[np.float32]:
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return _normalised(crop, 255 * mean, 255 * deviation)


def _first_68(output: NDArray[np.float32]) -> NDArray[np.float32]:
    return output.reshape(-1)[:136].reshape(68, 2)


def _of_98(output: NDArray[np.float32]) -> NDArray[np.float32]:
    return output.reshape(98, 2)[_WFLW_TO_IBUG]


def _of_openseeface(output: NDArray[np.float32]) -> NDArray[np.float32]:
    """Decode 66 heatmaps and their offset maps of 28 x 28 cells at the cell of the peak."""
    heat, down, right = output.reshape(3, 66, 28 * 28)
    points, cells = np.arange(66), heat.argmax(axis=1)
    rows, columns = np.divmod(cells, 28)
    logits = [_logit(offsets[points, cells]) for offsets in (right, down)]
    grid = np.stack([columns, rows], axis=-1) / 27 + np.stack(logits, axis=-1) / 16
    positions = np.full((68, 2), np.nan, np.float32)
    positions[_OPENSEEFACE_TO_IBUG] = grid * 223 / 224
    return positions


def _logit(share: NDArray[np.float32]) -> NDArray[np.float32]:
    share = np.clip(share, 1e-7, 1 - 1e-7)
    logit: NDArray[np.float32] = np.log(share / (1 - share))
    return logit


PEERS = {
    "PFLD (cunjian)": PeerModel(
        file="cunjian_pfld.onnx",
        size=112,
        annotated_crop=(1.2, 0.0),
        detected_crop=(1.0, 0.125),
        prepare=_rgb_to_unit,
        decode=_first_68,
    ),
    "PFLD-GhostOne": PeerModel(
        file="PFLD_GhostOne_112_1_opt_sim.onnx",
        size=112,
        annotated_crop=(1.05, 0.0),
        detected_crop=(0.95, 0.125),
        prepare=lambda crop: _normalised(crop[..., ::-1], 127.5, 127.5),
        decode=_of_98,
        offset=0.5,
    ),
    "Peppa slim 160": PeerModel(
        file="peppa_slim_160.onnx",
        size=160,
        annotated_crop=(1.3, 0.075),
        detected_crop=(1.0, 0.1),
        prepare=_bgr_around_zero,
        decode=_first_68,
        offset=0.5,
    ),
    "OpenSeeFace lm_model0": PeerModel(
        file="lm_model0_opt.onnx",
        size=224,
        annotated_crop=(1.15, -0.05),
        detected_crop=(1.0, 0.15),
        prepare=_rgb_of_imagenet,
        decode=_of_openseeface,
        offset=0.5,
    ),
}


def move_box(box: BoundingBox, down: float) -> BoundingBox:
    """Move a box down by a share of its height."""
    shift = down * box.height
    return BoundingBox(box.x_min, box.y_min + shift, box.x_max, box.y_max + shift)


def load_onnx_peer(path: Path, threads: int | None) -> Predict:
    """Load one of ``PEERS`` by its file."""
    import onnxruntime

    peer = next(peer for peer in PEERS.values() if peer.file == path.name)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if threads is not None:
        options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def predict(image: Image, box: BoundingBox, is_detected: bool) -> Landmarks:
        scale, down = peer.detected_crop if is_detected else peer.annotated_crop
        matrix = crop_matrix(move_box(box, down), crop_scale=scale, size=peer.size)
        crop = cut_crop(image, matrix, (peer.size, peer.size))
        tensor = np.ascontiguousarray(peer.prepare(crop).transpose(2, 0, 1)[np.newaxis])
        positions = peer.decode(session.run(None, {name: tensor})[0])
        positions = positions + np.float32(peer.offset / peer.size)
        return crop_to_image(positions, matrix, peer.size)

    return predict


def load_ours(path: Path, threads: int | None) -> Predict:
    """Load a model of ours; to it a face box is a face box, whoever found it."""
    from asmnet_sdk.landmarks.network import LandmarkNetwork
    from asmnet_sdk.layouts import IBUG_68, convert_landmarks

    network = LandmarkNetwork(path, device="cpu", threads=threads)

    def predict(image: Image, box: BoundingBox, is_detected: bool) -> Landmarks:
        [face] = network.predict([network.cut(image, box)])
        return convert_landmarks(face.landmarks, face.layout, IBUG_68)

    return predict


def load_ours_with_own_detector(path: Path, threads: int | None) -> Predict:
    """Load a model of ours with the package's detector; of the faces, the one nearest the box."""
    from asmnet_sdk import FaceAligner

    aligner = FaceAligner(path, device="cpu", threads=threads)

    def predict(image: Image, box: BoundingBox, is_detected: bool) -> Landmarks:
        faces = [face.landmarks for face in aligner.predict(image, color="rgb")]
        return choose_face(faces, box)

    return predict


def choose_face(faces: Sequence[Landmarks], box: BoundingBox) -> Landmarks:
    """Return the landmarks whose box overlaps a given one best, NaN where none does by half."""
    overlaps = [BoundingBox.around(face).iou(box) for face in faces]
    if max(overlaps, default=0) < 0.5:
        return np.full((68, 2), np.nan, np.float32)
    return faces[int(np.argmax(overlaps))]


def load_openvino(path: Path, threads: int | None) -> Predict:
    """Load a model of ours with 68 points in OpenVINO instead of onnxruntime."""
    import openvino

    options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    model = openvino.Core().compile_model(str(path), "CPU", options)
    size, crop_scale = model.input(0).partial_shape[1].get_length(), _crop_scale(path)

    def predict(image: Image, box: BoundingBox, is_detected: bool) -> Landmarks:
        matrix = crop_matrix(box, crop_scale=crop_scale, size=size)
        crop = cut_crop(image, matrix, (size, size))
        positions = model({"image": crop[np.newaxis]})["landmarks"][0]
        return crop_to_image(positions, matrix, size)

    return predict


def _crop_scale(path: Path) -> float:
    """Read it from the metadata of a model file, which OpenVINO does not give out."""
    found = re.search(rb'"crop_scale": ([\d.]+)', path.read_bytes())
    if found is None:
        raise ValueError(f"{path} says nothing of its crop")
    return float(found[1])
