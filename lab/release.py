"""Make a publishable model of a finished run: export, measure, write its card.

``python -m lab.release --help``. The folder it writes (``model.onnx``,
``README.md``, ``SHA256SUMS``) is what goes to the Hub.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace, read_annotations
from asmnet_sdk.detection import FaceDetector, YuNetDetector, load_detector
from asmnet_sdk.hub.registry import DEFAULT_DETECTOR
from asmnet_sdk.images.loading import load_image
from asmnet_sdk.landmarks.contract import ModelMetadata
from asmnet_sdk.results import BoundingBox
from asmnet_sdk.training.configuration import RunConfig
from asmnet_sdk.training.export import export_network
from asmnet_sdk.training.networks import FaceNetwork
from asmnet_sdk.training.run_folder import load_run, model_metadata
from lab.cards import REFERENCE_MODEL, model_card
from lab.hard_cases import draw_hard_cases, try_hard_cases
from lab.hard_faces import measure as measure_hard_faces
from lab.measuring import Measurements, measure
from lab.quantising import calibration_crops, quantise_model
from lab.releasing import LICENCE, TEST_SET, measured_today, release_model, release_parser

__all__ = ["write_release"]

logger = logging.getLogger("asmnet_sdk.training")

TRAINING_DATA = (
    "300-W (HELEN, AFW, LFPW) and views of it turned over a face mesh, AFLW with MERL-RAV's "
    "labels, InfAnFace's training part; unlabelled photos (WFLW, LFW, UTKFace, portraits, masks) "
    "labelled by this project's network and MediaPipe's mesh; head pose by pseudo-labels of other "
    "networks; photos licensed for non-commercial research"
)
_QUANTISED = "; convolutions in 8 bits (static QDQ quantisation, calibrated on training crops)"


def write_release(
    network: FaceNetwork,
    metadata: ModelMetadata,
    folder: Path,
    *,
    test_faces: list[AnnotatedFace],
    protocol: str,
    detectors: Mapping[str, FaceDetector] = MappingProxyType({}),
    reference: FaceAligner | None = None,
    portraits: Sequence[Path] = (),
    calibration_crops: NDArray[np.uint8] | None = None,
    hard_faces: Callable[[str], Mapping[str, float]] | None = None,
) -> Measurements:
    """Export a network, measure it and write its Hub-ready folder.

    Args:
        network: The network; an error radius is calibrated already.
        metadata: What the model file will say of itself; the figures are added here.
        folder: Where ``model.onnx``, ``README.md`` and ``SHA256SUMS`` go, and the picture of the
            hard cases.
        test_faces: Annotated faces that took no part in training.
        protocol: Name of the test set, for the card.
        detectors: Name -> detector; each gives end-to-end figures.
        reference: The model that run times are compared with, on one thread.
        portraits: Photos of one face for the hard cases.
        calibration_crops: (N, S, S, 3) training crops that set the ranges of an 8-bit model; None
            leaves it in float32.
        hard_faces: Model file -> figures on hard faces; None leaves them out.
    """

    def export(stated: Mapping[str, float], path: Path) -> None:
        export_network(network, replace(metadata, figures=stated), path)
        if calibration_crops is not None:
            quantise_model(path, calibration_crops)

    def measure_file(path: Path) -> tuple[Measurements, Mapping[str, float] | None]:
        aligner = FaceAligner(path, device="cpu", threads=1)
        figures = measure(network, aligner, test_faces, detectors, reference=reference)
        return figures, None if hard_faces is None else hard_faces(str(path))

    figures, _ = release_model(
        folder,
        export=export,
        measure=measure_file,
        headline=lambda measured: _headline(measured[0]),
        draw=lambda model: _draw_hard_cases(
            model, folder / f"{metadata.name}-hard-cases.jpg", portraits
        ),
        card=lambda measured, file: model_card(
            metadata,
            measured[0],
            network=network.summary + ("" if calibration_crops is None else _QUANTISED),
            file=file,
            measured=measured_today(protocol, "lab.release"),
            hard_faces=measured[1],
        ),
    )
    return figures


def _draw_hard_cases(model: Path, picture: Path, portraits: Sequence[Path]) -> Path | None:
    """Write the picture of the hard cases and return its path, or None without portraits."""
    aligner = FaceAligner(model, device="cpu")
    cases = []
    for portrait in portraits:
        image = np.ascontiguousarray(load_image(portrait)[:, :, ::-1])
        face = aligner.predict(image)[0]
        cases += try_hard_cases(aligner, image, BoundingBox.around(face.landmarks))
    if not cases:
        return None
    cv2.imwrite(str(picture), draw_hard_cases(cases), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return picture


def _calibration_crops(config: RunConfig) -> NDArray[np.uint8]:
    recipe = config.recipe
    return calibration_crops(
        config.photos, config.packed, size=recipe.size, crop_scale=recipe.crop_scale
    )


def _headline(figures: Measurements) -> dict[str, float]:
    """Return the figures of the whole test set that go into the model file.

    Six decimals, so that two of them come out alike here, on the card and in ``asmnet models``.
    """
    whole = figures.annotated_boxes[-1]
    yaw, pitch, roll = whole.head_pose_errors_degrees or (float("nan"),) * 3
    return {
        "nme_percent": round(whole.nme_percent, 6),
        "failure_rate_percent": round(whole.failure_rate_percent, 6),
        "auc": round(whole.auc, 6),
        "yaw_error_degrees": round(yaw, 6),
        "pitch_error_degrees": round(pitch, 6),
        "roll_error_degrees": round(roll, 6),
        "parameters": figures.parameters,
        "multiply_adds": figures.multiply_adds,
    }


def main() -> None:
    """Release weights from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parser().parse_args()
    config, network = load_run(options.run)
    metadata = model_metadata(
        config, name=options.name, training_data=options.training_data, licence=LICENCE
    )
    detectors: dict[str, FaceDetector] = {DEFAULT_DETECTOR: load_detector()}
    if options.yunet:
        detectors["YuNet"] = YuNetDetector(options.yunet)
    figures = write_release(
        network,
        metadata,
        options.out,
        test_faces=read_annotations(options.test),
        protocol=f"{TEST_SET} (554 photos)",
        detectors=detectors,
        reference=FaceAligner(options.reference, threads=1) if options.reference else None,
        portraits=options.portraits,
        calibration_crops=_calibration_crops(config) if options.int8 else None,
        hard_faces=partial(measure_hard_faces, data=options.data, packed=options.packed)
        if options.packed
        else None,
    )
    logger.info("%s", figures)


def _parser() -> argparse.ArgumentParser:
    parser = release_parser(
        "lab.release",
        __doc__,
        source=("run", "run folder that training finished"),
        training_data=TRAINING_DATA,
    )
    parser.add_argument("--name", required=True, help="name of the model")
    parser.add_argument("--reference", help=f"{REFERENCE_MODEL}'s file, to compare run times with")
    parser.add_argument(
        "--int8", action="store_true", help="quantise to 8 bits, calibrated on training photos"
    )
    parser.add_argument("--packed", type=Path, help="files of lab.training_sets, for hard faces")
    parser.add_argument("--data", type=Path, help="folder with 300w and wflw, for hard faces")
    return parser


if __name__ == "__main__":
    main()
