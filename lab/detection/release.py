"""Make a publishable detector of trained weights: export, measure, write its card.

``python -m lab.detection.release --help``. The folder it writes (``model.onnx``,
``README.md``, ``SHA256SUMS``) is what goes to the Hub.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import platform
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

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
from lab.hub_files import write_checksums

__all__ = ["write_detector_release"]

logger = logging.getLogger("asmnet_sdk.training")

TRAINING_DATA = (
    "300-W (HELEN, AFW, LFPW), AFLW (MERL-RAV), MTFL, InfAnFace, and unlabelled photos of WFLW, of "
    "web portraits, of people with masks, and of Extended Yale B; faces without annotation "
    "labelled by YuNet, MediaPipe and asmnet-68; photos licensed for non-commercial research"
)
_EVERY = 6  # of the test photos that are damaged in every way

LICENCE = "non-commercial research, as the training photos"


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
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "draft.onnx"
        export_detector(network, metadata, draft)
        detector = AsmnetDetector(draft, threads=1)
        figures = measure_detector(detector, test_faces, aligner, reference=reference)
        kinds = measure_kinds(detector, test_faces[::_EVERY])
        others = {} if reference is None else measure_kinds(reference, test_faces[::_EVERY])
    metadata = replace(metadata, figures=_headline(network, figures))
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "model.onnx"
    export_detector(network, metadata, model)
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    measured = (
        f"Measured on {datetime.now(timezone.utc).date()} on the {protocol} by "
        f"`python -m lab.detection.release`, landmarks by {aligner.model.name}, "
        f"onnxruntime on a CPU ({platform.machine()})."
    )
    picture = folder / f"{metadata.name}-hard-cases.jpg"
    shown = [_labelled(portrait, aligner) for portrait in portraits]
    draw_found_faces(AsmnetDetector(model, threads=1), shown, picture)
    card = detector_card(
        metadata,
        figures,
        kinds={name: (found, others.get(name)) for name, found in kinds.items()},
        kinds_faces=len(test_faces[::_EVERY]),
        model=model,
        sha256=digest,
        measured=measured,
        picture=picture.name,
    )
    (folder / "README.md").write_text(card, encoding="utf-8")
    write_checksums(folder, [model.name, picture.name])
    return figures


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
        protocol="300-W common test set (554 photos)",
        portraits=options.portraits,
    )
    logger.info("%s", figures)
    if options.embed:
        shutil.copyfile(options.out / "model.onnx", options.embed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.detection.release", description=__doc__)
    parser.add_argument("weights", type=Path, help="weights.pt of a run")
    parser.add_argument("out", type=Path, help="Hub-ready folder, such as hub/asmnet-detector")
    parser.add_argument("--name", default="asmnet-detector", help="name of the model")
    parser.add_argument("--test", type=Path, required=True, help="300-W common test set")
    parser.add_argument("--yunet", type=Path, help="YuNet's file, to tell spurious boxes")
    parser.add_argument("--portraits", type=Path, nargs="+", required=True, help="for the picture")
    parser.add_argument("--score-threshold", type=float, default=0.5, help="chosen on validation")
    parser.add_argument("--smallest-face", type=float, default=18.0, help="pixels of the input")
    parser.add_argument("--training-data", default=TRAINING_DATA, help="data and its terms")
    parser.add_argument("--embed", type=Path, help="also copy the model to this file")
    return parser


if __name__ == "__main__":
    main()
