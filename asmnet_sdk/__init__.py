"""Facial landmarks and head pose in milliseconds on a plain CPU.

    from asmnet_sdk import FaceAligner, sample_photo

    faces = FaceAligner().predict(sample_photo())

Names are loaded when first used: importing the package loads neither onnxruntime nor OpenCV nor
huggingface_hub.
"""

import os
from importlib import import_module

__version__ = "0.2.0"

# Otherwise onnxruntime (1.32 on Linux) keeps a device id and a list of events in the user's cache
# folder, and sends them. It reads this once, when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

TYPE_CHECKING = False  # typing, which has it, takes longer to load than all the rest here
if TYPE_CHECKING:
    from asmnet_sdk.aligner import FaceAligner
    from asmnet_sdk.detection import AsmnetDetector, FaceDetector, YuNetDetector
    from asmnet_sdk.drawing import DrawingStyle, draw_faces
    from asmnet_sdk.errors import (
        AsmnetError,
        DeviceUnavailableError,
        InvalidBoundingBoxError,
        InvalidImageError,
        InvalidInputError,
        ModelDownloadError,
        ModelError,
        ModelFileError,
        UnknownModelError,
    )
    from asmnet_sdk.exporting import faces_to_csv, faces_to_json
    from asmnet_sdk.hub import ModelSpec, available_models
    from asmnet_sdk.images import load_image, sample_photo
    from asmnet_sdk.landmarks import FaceCrop, ModelMetadata
    from asmnet_sdk.layouts import FIVE_POINT, IBUG_68, WFLW_98, Layout
    from asmnet_sdk.results import BoundingBox, Face, HeadPose
    from asmnet_sdk.tracking import FaceTracker
    from asmnet_sdk.warping import WarpedFace, warp_face

_MODULES = {
    "aligner": ("FaceAligner",),
    "detection": ("AsmnetDetector", "FaceDetector", "YuNetDetector"),
    "drawing": ("DrawingStyle", "draw_faces"),
    "errors": (
        "AsmnetError",
        "DeviceUnavailableError",
        "InvalidBoundingBoxError",
        "InvalidImageError",
        "InvalidInputError",
        "ModelDownloadError",
        "ModelError",
        "ModelFileError",
        "UnknownModelError",
    ),
    "exporting": ("faces_to_csv", "faces_to_json"),
    "hub": ("ModelSpec", "available_models"),
    "images": ("load_image", "sample_photo"),
    "landmarks": ("FaceCrop", "ModelMetadata"),
    "layouts": ("FIVE_POINT", "IBUG_68", "WFLW_98", "Layout"),
    "results": ("BoundingBox", "Face", "HeadPose"),
    "tracking": ("FaceTracker",),
    "warping": ("WarpedFace", "warp_face"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "FIVE_POINT",
    "IBUG_68",
    "WFLW_98",
    "AsmnetDetector",
    "AsmnetError",
    "BoundingBox",
    "DeviceUnavailableError",
    "DrawingStyle",
    "Face",
    "FaceAligner",
    "FaceCrop",
    "FaceDetector",
    "FaceTracker",
    "HeadPose",
    "InvalidBoundingBoxError",
    "InvalidImageError",
    "InvalidInputError",
    "Layout",
    "ModelDownloadError",
    "ModelError",
    "ModelFileError",
    "ModelMetadata",
    "ModelSpec",
    "UnknownModelError",
    "WarpedFace",
    "YuNetDetector",
    "__version__",
    "available_models",
    "draw_faces",
    "faces_to_csv",
    "faces_to_json",
    "load_image",
    "sample_photo",
    "warp_face",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
