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
from lab.detection.measuring import DetectorFigures, measure_detector
from lab.detection.networks import STRIDES, DetectionNetwork
from lab.hub_files import write_checksums

__all__ = ["write_detector_release"]

logger = logging.getLogger("asmnet_sdk.training")

TRAINING_DATA = (
    "300-W (HELEN, AFW, LFPW) and LFW, faces without annotation labelled by YuNet and asmnet-68; "
    "photos licensed for non-commercial research"
)
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
    """
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / "draft.onnx"
        export_detector(network, metadata, draft)
        detector = AsmnetDetector(draft, threads=1)
        figures = measure_detector(detector, test_faces, aligner, reference=reference)
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
    card = detector_card(metadata, figures, model=model, sha256=digest, measured=measured)
    (folder / "README.md").write_text(card, encoding="utf-8")
    write_checksums(folder, [model.name])
    return figures


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
    parser.add_argument("--score-threshold", type=float, default=0.5, help="chosen on validation")
    parser.add_argument("--smallest-face", type=float, default=18.0, help="pixels of the input")
    parser.add_argument("--training-data", default=TRAINING_DATA, help="data and its terms")
    parser.add_argument("--embed", type=Path, help="also copy the model to this file")
    return parser


if __name__ == "__main__":
    main()
