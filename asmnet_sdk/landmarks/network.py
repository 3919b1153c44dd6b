"""The landmark model: from face boxes in images to crops, and from crops to faces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix, crop_to_image, cut_crop, upright_box
from asmnet_sdk.errors import InvalidBoundingBoxError, InvalidInputError
from asmnet_sdk.geometry import roll_in_image, rotate_head_pose, scale_of
from asmnet_sdk.images.loading import check_rgb
from asmnet_sdk.landmarks.contract import ModelMetadata, check_outputs, read_contract
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.landmarks.scoring import face_score
from asmnet_sdk.layouts import Layout
from asmnet_sdk.results import BoundingBox, Face, HeadPose
from asmnet_sdk.runtime.cores import map_on_threads, usable_cores
from asmnet_sdk.runtime.devices import DeviceInput
from asmnet_sdk.runtime.on_demand import OnDemand
from asmnet_sdk.runtime.session import OnnxSession

__all__ = ["LandmarkNetwork"]

_PER_LANDMARK = ("landmarks", "landmark_sigma", "landmark_visible")
_MIRRORED_ANGLES = np.array([-1, 1, -1], np.float32)  # of yaw, pitch, roll
_LARGEST_RUN = 64
_LARGEST_RUN_ON_CPU = 1  # more take longer a crop: what passes between layers leaves the cache


class LandmarkNetwork:
    """A loaded model that obeys the contract; shared by threads like its session.

    Args:
        path: The model file.
        device: As for ``OnnxSession``.
        threads: As for ``OnnxSession``.

    Raises:
        ModelFileError: The file is broken or does not fit the contract.
        DeviceUnavailableError: The device asked for cannot be had.
    """

    def __init__(
        self, path: Path, *, device: DeviceInput = "auto", threads: int | None = None
    ) -> None:
        self._session = OnnxSession(path, device=device, threads=threads)
        self._threads = usable_cores() if threads is None else threads
        self._one_thread_session = OnDemand(
            partial(OnnxSession, path, device="cpu", threads=1), name=f"the model {path.name}"
        )
        metadata, layout = read_contract(self._session)
        self.metadata: ModelMetadata = metadata
        self.layout: Layout = layout

    @property
    def device(self) -> str:
        """The device really in use."""
        return self._session.device

    def cut(self, image: NDArray[np.uint8], box: BoundingBox) -> FaceCrop:
        """Cut the crop of a face box out of an (H, W, 3) uint8 RGB image, upright by its roll."""
        return self._cut(image, box, looked_at=box, turn=box.roll or 0.0)

    def cut_again(self, image: NDArray[np.uint8], face: Face) -> FaceCrop:
        """Cut a better crop of a face: upright, and centred on its landmarks."""
        roll = roll_in_image(face.head_pose)
        try:
            around = upright_box(face.landmarks, roll)
        except InvalidBoundingBoxError:  # all landmarks in one place
            return self.cut(image, face.box)
        return self._cut(image, face.box, looked_at=around, turn=roll)

    def cut_whole(self, image: NDArray[np.uint8]) -> FaceCrop:
        """Take a whole image as the crop, with black borders if it is not square.

        The box of the face is the one whose crop this is. An image of the network's size is the
        crop itself, not a copy.
        """
        height, width = image.shape[:2]
        half = max(width, height) / self.metadata.crop_scale / 2
        x, y = (width - 1) / 2, (height - 1) / 2
        box = BoundingBox(x - half, y - half, x + half, y + half)
        if width == height == self.metadata.input_size:
            as_it_is = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
            return FaceCrop(
                pixels=image,
                matrix=as_it_is,
                clockwise_degrees=0.0,
                box=box,
                photo_wh=(width, height),
            )
        return self._cut(image, box, looked_at=box)

    def _cut(
        self,
        image: NDArray[np.uint8],
        box: BoundingBox,
        *,
        looked_at: BoundingBox,
        turn: float = 0.0,
    ) -> FaceCrop:
        size = self.metadata.input_size
        matrix = crop_matrix(
            looked_at, crop_scale=self.metadata.crop_scale, size=size, clockwise_degrees=turn
        )
        return FaceCrop(
            pixels=cut_crop(image, matrix, (size, size)),
            matrix=matrix,
            clockwise_degrees=turn,
            box=box,
            photo_wh=(image.shape[1], image.shape[0]),
        )

    def predict(self, crops: Sequence[FaceCrop]) -> list[Face]:
        """Predict one face a crop."""
        return [
            face for some, outputs in self._runs(crops) for face in self.faces_of(outputs, some)
        ]

    def run(self, crops: Sequence[FaceCrop]) -> dict[str, NDArray[np.float32]]:
        """Run the network on one crop or more: its outputs by name, a row a crop.

        Raises:
            InvalidInputError: The pixels of a crop do not fit the network.
            ModelFileError: The outputs do not fit the contract.
        """
        first, *others = [outputs for _, outputs in self._runs(crops)]
        if not others:
            return first
        return {
            name: np.concatenate([values, *(outputs[name] for outputs in others)])
            for name, values in first.items()
        }

    def _runs(
        self, crops: Sequence[FaceCrop]
    ) -> list[tuple[Sequence[FaceCrop], dict[str, NDArray[np.float32]]]]:
        """Return the crops of each run of the network, and its outputs.

        On a CPU each thread works on crops of its own: several threads in one run of a small
        network mostly wait for each other. A single crop still gets them all.
        """
        largest = _LARGEST_RUN_ON_CPU if self.device == "cpu" else _LARGEST_RUN
        parts = [crops[start : start + largest] for start in range(0, len(crops), largest)]
        threads = min(self._threads, len(parts)) if self.device == "cpu" else 1
        session = self._session if threads <= 1 else self._one_thread_session.get()
        outputs = map_on_threads(partial(self._run, session), parts, threads)
        return list(zip(parts, outputs, strict=True))

    def _run(
        self, session: OnnxSession, crops: Sequence[FaceCrop]
    ) -> dict[str, NDArray[np.float32]]:
        outputs = session.run({"image": self._batch_of(crops)})
        check_outputs(outputs, layout=self.layout, count=len(crops), path=session.path)
        return outputs

    def _batch_of(self, crops: Sequence[FaceCrop]) -> NDArray[np.uint8]:
        """Return the (N, S, S, 3) pixels of crops; those of a single one are not copied."""
        size = self.metadata.input_size
        for crop in crops:
            check_rgb(crop.pixels)
            if crop.pixels.shape[:2] != (size, size):
                raise InvalidInputError(
                    f"a crop has {crop.pixels.shape[1]} x {crop.pixels.shape[0]} px; "
                    f"the model looks at {size} x {size}"
                )
        if len(crops) == 1:
            return crops[0].pixels[np.newaxis]
        return np.array([crop.pixels for crop in crops])

    def faces_of(
        self, outputs: dict[str, NDArray[np.float32]], crops: Sequence[FaceCrop]
    ) -> list[Face]:
        """Turn the outputs of ``run`` into faces in image pixels."""
        return [
            self._face({name: values[row] for name, values in outputs.items()}, crop)
            for row, crop in enumerate(crops)
        ]

    def _face(self, raw: dict[str, NDArray[np.float32]], crop: FaceCrop) -> Face:
        size = self.metadata.input_size
        if crop.is_mirrored:
            raw = _mirrored_outputs(raw, self.layout)
        sigma, score = raw.get("landmark_sigma"), raw.get("face_score")
        angles: NDArray[Any] = raw["head_pose"]
        if crop.clockwise_degrees:
            angles = rotate_head_pose(angles, crop.clockwise_degrees)
        landmarks = crop_to_image(raw["landmarks"], crop.matrix, size)
        return Face(
            landmarks=landmarks,
            head_pose=HeadPose(*angles.tolist()),
            box=crop.box,
            layout=self.layout,
            score=None if score is None else face_score(float(score), _mean(sigma)),
            landmark_sigma=None if sigma is None else sigma * (size / scale_of(crop.matrix)),
            landmark_visible=crop.seen_in_photo(landmarks, raw.get("landmark_visible")),
        )

    def close(self) -> None:
        """Free the model's memory; ``predict`` afterwards raises ``ModelError``."""
        self._session.close()
        other = self._one_thread_session.close()
        if other is not None:
            other.close()


def _mirrored_outputs(
    raw: dict[str, NDArray[np.float32]], layout: Layout
) -> dict[str, NDArray[np.float32]]:
    """Return what was seen of a face in a mirror as outputs for the face itself.

    Landmarks keep their places in the crop, and get the names that they have on the face.
    """
    order = list(layout.mirror)
    points = {name: raw[name][order] for name in _PER_LANDMARK if name in raw}
    return {**raw, **points, "head_pose": raw["head_pose"] * _MIRRORED_ANGLES}


def _mean(values: NDArray[np.float32] | None) -> float | None:
    """Return the mean; Python's sum is the faster one here (see ``geometry``)."""
    return None if values is None else sum(values.tolist()) / len(values)
