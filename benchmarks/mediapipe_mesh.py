"""MediaPipe's face mesh: at a given box, and with a detector of its own.

The mesh has 468 points, 478 with its attention network, which also refines eyes and lips. Those
nearest to the iBUG points are taken by the index list ``MESH_TO_IBUG``. The jaw line of the mesh is
the edge of the visible face and moves with the head, that of iBUG the edge of the jaw: therefore
figures are given over all 68 points and over the 51 without the jaw.

The public interface takes no box, so the graph behind it, ``FaceLandmarkCpu``, is run at a square
region around the box. Needs mediapipe 0.10.21.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import mediapipe
import numpy as np
from mediapipe.framework.formats import rect_pb2
from mediapipe.python import packet_creator, packet_getter
from numpy.typing import NDArray
from peer_models import choose_face

from asmnet_sdk.results import BoundingBox
from lab.mesh_points import MESH_TO_IBUG

__all__ = ["load_mesh", "load_mesh_with_own_detector"]

_GRAPH = """
input_stream: "image"
input_stream: "region"
input_side_packet: "with_attention"
output_stream: "landmarks"
{threads}
node {{
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:region"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}}
"""
_PACKAGE = Path(mediapipe.__file__).parent


def load_mesh(with_attention: bool, threads: int | None) -> Any:
    """Load the landmark network alone.

    Args:
        with_attention: The network of 478 points instead of the one of 468.
        threads: Threads of the graph; None leaves the choice to MediaPipe.
    """
    os.chdir(_PACKAGE.parent)  # the graph names its network relative to it
    line = "" if threads is None else f"num_threads: {threads}"
    graph = mediapipe.CalculatorGraph(graph_config=_GRAPH.format(threads=line))
    found: list[Any] = []
    graph.observe_output_stream("landmarks", lambda _, packet: found.append(packet))
    graph.start_run({"with_attention": packet_creator.create_bool(with_attention)})
    steps = iter(range(2**62))

    def predict(image: NDArray[np.uint8], box: BoundingBox, is_detected: bool) -> Any:
        time = next(steps)
        found.clear()
        region = packet_creator.create_proto(_region(image, box, is_detected))
        graph.add_packet_to_input_stream("image", _frame(image).at(time))
        graph.add_packet_to_input_stream("region", region.at(time))
        graph.wait_until_idle()
        if not found:
            return np.full((68, 2), np.nan)
        return _points(packet_getter.get_proto(found[0]), image)

    return predict


# Crop side / longer side of the box, and how far down its centre moves as a share of its height:
# what fits training photos best (peer_crops.py).
_ANNOTATED_CROP = (1.5, 0.0)
_DETECTED_CROP = (1.3, 0.05)


def _region(
    image: NDArray[np.uint8], box: BoundingBox, is_detected: bool
) -> rect_pb2.NormalizedRect:
    scale, down = _DETECTED_CROP if is_detected else _ANNOTATED_CROP
    height, width = image.shape[:2]
    side = scale * box.longer_side
    x, y = box.center
    return rect_pb2.NormalizedRect(
        x_center=(x + 0.5) / width,
        y_center=(y + down * box.height + 0.5) / height,
        width=side / width,
        height=side / height,
    )


def _frame(image: NDArray[np.uint8]) -> Any:
    """Hand an image over without a copy."""
    image.flags.writeable = False
    return packet_creator.create_image_frame(
        image_format=mediapipe.ImageFormat.SRGB, data=image, copy=False
    )


def _points(mesh: Any, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the 68 points of a mesh in pixels, (0, 0) being the centre of the first one."""
    shares = [(mesh.landmark[index].x, mesh.landmark[index].y) for index in MESH_TO_IBUG]
    height, width = image.shape[:2]
    return (np.array(shares) * (width, height) - 0.5).astype(np.float32)


def load_mesh_with_own_detector() -> Any:
    """Load the public interface; of the faces it finds, the one that overlaps the box best."""
    mesh = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=5, refine_landmarks=True
    )

    def predict(image: NDArray[np.uint8], box: BoundingBox, is_detected: bool) -> Any:
        image.flags.writeable = False
        found = mesh.process(image).multi_face_landmarks or []
        return choose_face([_points(face, image) for face in found], box)

    return predict
