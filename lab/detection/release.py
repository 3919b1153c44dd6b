"""Make a publishable detector of trained weights: export, measure, write its card.

``python -m lab.detection.release --help``. The folder it writes (``model.onnx``,
``README.md``, ``SHA256SUMS``) is what goes to the Hub.
"""

from __future__ import annotations

import argparse
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import torch

from asmnet_sdk.aligner import FaceAligner
from asmnet_sdk.datasets import AnnotatedFace, read_300w
from asmnet_sdk.detection import AsmnetDetector, FaceDetector, YuNetDetector
from asmnet_sdk.detection.contract import DetectorMetadata
from lab.detection.cards import detector_card
from lab.detection.export import export_detector
from lab.detection.hard_cases import draw_found_faces
from lab.detection.measuring import DetectorFigures, measure_detector, measure_kinds
from lab.detection.networks import STRIDES, DetectionNetwork
from lab.releasing import (
    LICENCE,
    TEST_SET,
    ReleasedFile,
    measured_today,
    release_model,
    release_parser,
)

__all__ = ["write_detector_release"]

logger = logging.getLogger("asmnet_sdk.training")

TRAINING_DATA = (
    "300-W (HELEN, AFW, LFPW), AFLW (MERL-RAV), MTFL, InfAnFace, and unlabelled photos of WFLW, of "
    "web portraits, of people with masks, and of Extended Yale B; faces without annotation "
    "labelled by YuNet, MediaPipe and asmnet-68; photos licensed for non-commercial research"
)
_EVERY = 6  # of the test photos that are damaged in every way


class _Measured(NamedTuple):
    """Figures of a detector; what it, and the other one, find of damaged photos, in percent."""

    figures: DetectorFigures
    kinds: Mapping[str, float]
    others: Mapping[str, float]


def write_detector_release(
    network: DetectionNetwork,
    metadata: DetectorMetadata,
    folder: Path,
    *,
    test_faces: Sequence[AnnotatedFace],
    aligner: FaceAligner,
    reference: FaceDetector | None,
    protocol: str,
    portraits: Sequence[Path],
) -> DetectorFigures:
    """Export a network, measure it and write its Hub-ready folder.

    Args:
        network: The network.
        metadata: What the model file will say of itself; the figures are added here.
        folder: Where ``model.onnx``, ``README.md`` and ``SHA256SUMS`` go.
        test_faces: Annotated faces that took no part in training.
        aligner: Gives the errors at the detected boxes.
        reference: A detector whose faces count as true when boxes are called spurious.
        protocol: Name of the test set, for the card.
        portraits: Photos that may be shown, for the card's picture.
    """
    some = test_faces[::_EVERY]

    def measure(path: Path) -> _Measured:
        detector = AsmnetDetector(path, threads=1)
        figures = measure_detector(detector, test_faces, aligner, reference=reference)
        others = {} if reference is None else measure_kinds(reference, some)
        return _Measured(figures, measure_kinds(detector, some), others)

    def draw(model: Path) -> Path:
        shown = [_labelled(portrait, aligner) for portrait in portraits]
        picture = folder / f"{metadata.name}-hard-cases.jpg"
        draw_found_faces(AsmnetDetector(model, threads=1), shown, picture)
        return picture

    def card(measured: _Measured, file: ReleasedFile) -> str:
        return detector_card(
            replace(metadata, figures=_headline(network, measured.figures)),
            measured.figures,
            kinds={
                name: (found, measured.others.get(name)) for name, found in measured.kinds.items()
            },
            kinds_faces=len(some),
            file=file,
            measured=measured_today(
                protocol, "lab.detection.release", f"landmarks by {aligner.model.name}, "
            ),
        )

    measured = release_model(
        folder,
        export=lambda stated, path: export_detector(
            network, replace(metadata, figures=stated), path
        ),
        measure=measure,
        headline=lambda measured: _headline(network, measured.figures),
        draw=draw,
        card=card,
    )
    return measured.figures


def _labelled(portrait: Path, aligner: FaceAligner) -> AnnotatedFace:
    """Take the landmarks of the largest face that the aligner finds for true."""
    face = aligner.predict(portrait)[0]
    return AnnotatedFace(photo=portrait, subset=portrait.parent.name, landmarks=face.landmarks)


def _headline(network: DetectionNetwork, figures: DetectorFigures) -> dict[str, float]:
    values = {name: value for name, value in asdict(figures).items() if value is not None}
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return {"parameters": parameters} | {name: round(value, 3) for name, value in values.items()}


def main() -> None:
    """Release weights from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options = _parser().parse_args()
    network = DetectionNetwork().eval()
    network.load_state_dict(torch.load(options.weights, weights_only=True))
    metadata = DetectorMetadata(
        name=options.name,
        stride=STRIDES[-1],
        long_side=320,
        smallest_face=options.smallest_face,
        score_threshold=options.score_threshold,
        training_data=options.training_data,
        licence=LICENCE,
    )
    figures = write_detector_release(
        network,
        metadata,
        options.out,
        test_faces=read_300w(options.test),
        aligner=FaceAligner(device="cpu"),
        reference=YuNetDetector(options.yunet) if options.yunet else None,
        protocol=f"{TEST_SET} (554 photos)",
        portraits=options.portraits,
    )
    logger.info("%s", figures)
    if options.embed:
        shutil.copyfile(options.out / "model.onnx", options.embed)


def _parser() -> argparse.ArgumentParser:
    parser = release_parser(
        "lab.detection.release",
        __doc__,
        source=("weights", "weights.pt of a run"),
        training_data=TRAINING_DATA,
    )
    parser.add_argument("--name", default="asmnet-detector", help="name of the model")
    parser.add_argument("--score-threshold", type=float, default=0.4, help="chosen on validation")
    parser.add_argument("--smallest-face", type=float, default=15.0, help="pixels of the input")
    parser.add_argument("--embed", type=Path, help="also copy the model to this file")
    return parser


if __name__ == "__main__":
    main()
