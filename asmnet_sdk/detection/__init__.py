"""Finding faces: the detector protocol and the detectors."""

from asmnet_sdk.detection.loading import DETECTORS, NamedDetector, load_detector
from asmnet_sdk.detection.network import AsmnetDetector
from asmnet_sdk.detection.protocol import FaceDetector
from asmnet_sdk.detection.yunet import YuNetDetector

__all__ = [
    "DETECTORS",
    "AsmnetDetector",
    "FaceDetector",
    "NamedDetector",
    "YuNetDetector",
    "load_detector",
]
