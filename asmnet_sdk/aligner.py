"""``FaceAligner``: from an image to typed faces in one call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, overload

from asmnet_sdk.arguments import check_flags, list_of
from asmnet_sdk.batches import (
    check_images,
    faces_or_errors,
    pair_images_with_boxes,
    raise_errors,
)
from asmnet_sdk.boxes import BoxesInput
from asmnet_sdk.detection.choosing import ChosenDetector
from asmnet_sdk.detection.protocol import DetectorInput
from asmnet_sdk.detection.wanted import WantedFaces
from asmnet_sdk.errors import InvalidInputError
from asmnet_sdk.hub.registry import DEFAULT_MODEL, find_variant
from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.images.loading import ColorOrder, ImageInput, check_color
from asmnet_sdk.landmarks.contract import ModelMetadata
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.landmarks.looks import Passes, check_passes
from asmnet_sdk.landmarks.network import LandmarkNetwork
from asmnet_sdk.layouts import Layout
from asmnet_sdk.pipeline import Pipeline, PlacesInput
from asmnet_sdk.results import BoundingBox, Face
from asmnet_sdk.runtime.devices import DeviceInput
from asmnet_sdk.runtime.opencv_threads import OpenCvThreads

__all__ = ["FaceAligner"]


class FaceAligner:
    """Finds facial landmarks and head pose, in one forward pass a face.

    One aligner may be shared by threads; pickled or forked, it loads its model anew. Loading takes
    tens of milliseconds: keep it, and ``close`` it or use it in a ``with`` block to free it early.

    Args:
        model: A registry name (see ``available_models``), the path of a model file or of a folder
            that holds ``model.onnx``, or a Hub repository ``"owner/name"``. The default lies
            inside the package and never touches the network.
        variant: Another form of a model of the registry: ``"int8"`` is its 8-bit one.
        detector: Finds the faces when ``predict`` gets no boxes: ``"default"``,
            ``"asmnet-detector"``, ``"yunet"``, any object with ``FaceDetector``'s method, or a
            function in its place. A named one is loaded when first needed.
        device: ``"auto"`` (CUDA where it works, else the CPU), ``"cpu"``, ``"cuda"``,
            ``"tensorrt"``, ``"openvino"``, ``"coreml"`` or ``"directml"``. A device named
            here is used or refused, never replaced; ``.device`` says what is in use. ``"cuda:1"``
            is the second card; ``("tensorrt", {"trt_fp16_enable": True})`` adds options of
            onnxruntime's provider.
        threads: Threads at work in one call; None is all cores. It also limits OpenCV, whose
            number is one for the whole process: of all aligners the smallest one holds.
        passes: How often the network looks at a face. ``"auto"``: once, and again where that
            helps: upright where the face is tilted, centred where the box was careless, in all
            four quarter turns where it is unsure, in the mirror where it is turned by more than 45
            degrees of yaw. 2: always twice, the second time upright, centred and in the mirror;
            the mean of both is more exact. 1: always once.
        min_score: Of what the detector found, faces whose own score is less are dropped, and those
            of less than 0.8 that detector and network see different ways up; 0 keeps all. A box
            that the caller gives always yields its face.
        min_face_size: Longer side of the smallest face box wanted, in pixels of the photo; the
            detector looks as closely as such faces need. None: as closely as suits the photo.
        max_faces: Only so many of the largest faces that were found; None is all.
        score_threshold: Boxes that the detector scores less are dropped. None takes its own
            threshold, and the landmark network decides about boxes somewhat below it.
        cache_dir: Folder of downloaded models; None is the Hub's own cache.
        local_files_only: Never touch the network.
        revision: Branch, tag or commit of a Hub repository.
        filename: Model file within a Hub repository.

    Raises:
        UnknownModelError: No model has this name.
        ModelDownloadError: The model is not at hand and could not be fetched.
        ModelFileError: The model file is broken or breaks the contract.
        DeviceUnavailableError: The device asked for cannot be had.
        InvalidInputError: Another argument is wrong.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = DEFAULT_MODEL,
        *,
        variant: str | None = None,
        detector: DetectorInput = "default",
        device: DeviceInput = "auto",
        threads: int | None = None,
        passes: Passes = "auto",
        min_score: float = 0.5,
        min_face_size: float | None = None,
        max_faces: int | None = None,
        score_threshold: float | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        filename: str | None = None,
    ) -> None:
        passes = check_passes(passes)
        wanted = WantedFaces(
            min_score=min_score,
            min_face_size=min_face_size,
            max_faces=max_faces,
            score_threshold=score_threshold,
        )
        chosen = ChosenDetector(
            detector,
            wanted=wanted,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
            threads=threads,
        )
        path = resolve_model(
            find_variant(model, variant) or model,
            revision=revision,
            filename=filename,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
        )
        network = LandmarkNetwork(path, device=device, threads=threads)
        self._pipeline = Pipeline(network, chosen, wanted=wanted, passes=passes)
        self._opencv_threads = None if threads is None else OpenCvThreads(threads)

    def __enter__(self) -> FaceAligner:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the memory of the models; predictions afterwards raise ``ModelError``."""
        self._pipeline.close()
        if self._opencv_threads is not None:
            self._opencv_threads.lift()

    def __repr__(self) -> str:
        return f"FaceAligner({self.model.name!r}, device={self.device!r})"

    @property
    def model(self) -> ModelMetadata:
        """What the loaded model says of itself: name, layout, data, licence, figures."""
        return self._pipeline.network.metadata

    @property
    def device(self) -> str:
        """The device really in use."""
        return self._pipeline.network.device

    @property
    def layout(self) -> Layout:
        """Which points ``Face.landmarks`` are."""
        return self._pipeline.network.layout

    def predict(
        self, image: ImageInput, boxes: BoxesInput | None = None, *, color: ColorOrder = "bgr"
    ) -> list[Face]:
        """Find landmarks and head pose of the faces in an image.

        Args:
            image: A path, encoded bytes, a binary file object, a PIL image, or a uint8 array of
                shape (H, W), (H, W, 3) or (H, W, 4).
            boxes: One face box (x_min, y_min, x_max, y_max) in pixels or several: tight around
                eyebrows, chin and cheeks; the box may reach beyond the image. None: the detector
                finds the faces.
            color: Channel order of an array, ``"bgr"`` or ``"rgb"``; other inputs carry their
                own.

        Returns:
            One face a box, in the order of the boxes. Without boxes the faces that the detector
            found and the aligner confirms (``min_score``), the largest first; an empty list where
            there is none.

        Raises:
            InvalidImageError: The image cannot be read.
            InvalidBoundingBoxError: A box is not finite, empty, inverted or outside the image.
            ModelDownloadError: No boxes were given and the detector could not be fetched.
        """
        [faces] = self._pipeline.look([self._pipeline.cut(image, boxes, color)])
        return faces

    def detect(self, image: ImageInput, *, color: ColorOrder = "bgr") -> list[BoundingBox]:
        """Find the faces in an image, without aligning them.

        Args:
            image: As for ``predict``.
            color: As for ``predict``.

        Returns:
            Face boxes as the detector gives them, with ``score`` and, from detectors that tell
            it, ``roll``. ``predict`` takes them as ``boxes`` and looks at upright crops.

        Raises:
            InvalidImageError: The image cannot be read.
            ModelDownloadError: The detector could not be fetched.
        """
        return self._pipeline.detect(image, color)

    async def predict_async(
        self, image: ImageInput, boxes: BoxesInput | None = None, *, color: ColorOrder = "bgr"
    ) -> list[Face]:
        """Run ``predict`` on a thread, so that an event loop is not held up.

        onnxruntime and OpenCV release the interpreter lock while they work; calls in flight at
        the same time are as many as asyncio's default executor has threads.
        """
        import asyncio  # costs as much as the rest of this module, so only where it is used

        return await asyncio.to_thread(self.predict, image, boxes, color=color)

    def predict_crop(self, crop: ImageInput, *, color: ColorOrder = "bgr") -> Face:
        """Find landmarks and head pose where the whole image is the crop of one face.

        It is looked at as often as ``passes`` says.

        Args:
            crop: An image as for ``predict``. The face should fill about ``1 /
                model.crop_scale`` of it, in the middle, as in the crops that the model was
                trained on. A crop that is not square gets black borders.
            color: As for ``predict``.

        Returns:
            The face, in pixels of the crop.
        """
        [[face]] = self._pipeline.look([self._pipeline.cut_whole(crop, color)])
        return face

    @overload
    def predict_batch(
        self,
        images: Iterable[ImageInput],
        boxes: Iterable[BoxesInput] | None = None,
        *,
        color: ColorOrder = "bgr",
        return_errors: Literal[False] = False,
    ) -> list[list[Face]]: ...
    @overload
    def predict_batch(
        self,
        images: Iterable[ImageInput],
        boxes: Iterable[BoxesInput] | None = None,
        *,
        color: ColorOrder = "bgr",
        return_errors: bool,
    ) -> list[list[Face] | InvalidInputError]: ...
    def predict_batch(
        self,
        images: Iterable[ImageInput],
        boxes: Iterable[BoxesInput] | None = None,
        *,
        color: ColorOrder = "bgr",
        return_errors: bool = False,
    ) -> list[list[Face]] | list[list[Face] | InvalidInputError]:
        """Find the faces of several images, with the crops of all of them shared out together.

        Args:
            images: Images as for ``predict``.
            boxes: For each image its face boxes, or None for all: the detector finds them.
            color: As for ``predict``.
            return_errors: Where an image or its boxes cannot be used, put the error in the place
                of its faces and go on, as ``predict_stream`` does, instead of raising it.

        Returns:
            For each image its list of faces, as ``predict`` gives it, or its error.

        Raises:
            InvalidInputError: What came is not several images, or not as many lists of boxes; or
                an image or its boxes cannot be used: the message says which, counted from 0.
        """
        check_flags(return_errors=return_errors)
        check_color(color)
        pairs = pair_images_with_boxes(images, boxes)
        found = faces_or_errors(self._pipeline, pairs, color)
        return list(found if return_errors else raise_errors(found))

    def predict_stream(
        self, images: Iterable[ImageInput], *, color: ColorOrder = "bgr"
    ) -> Iterator[tuple[ImageInput, list[Face] | InvalidInputError]]:
        """Find the faces of any number of images, one after the other; broken ones do not stop it.

        Args:
            images: Images as for ``predict``, taken when their turn comes, so a generator over
                thousands or the frames of a video will do.
            color: As for ``predict``.

        Yields:
            Each image as it was given, with its faces or with the error that it raised.
        """
        check_images(images)
        check_color(color)
        for image in images:
            [found] = faces_or_errors(self._pipeline, [(image, None)], color)
            yield image, found

    def cut(
        self,
        image: ImageInput,
        boxes: PlacesInput = None,
        *,
        color: ColorOrder = "bgr",
    ) -> list[FaceCrop]:
        """Cut the crops that ``predict`` would look at: the first half of its work.

        ``predict`` is ``align(cut(image, boxes))`` where one look is enough; for further looks
        (see ``passes``) it cuts again at the faces that this gives, and aligns these crops.

        Args:
            image: As for ``predict``.
            boxes: As for ``predict``, or faces of an earlier look: their crops are centred on the
                landmarks and turned upright.
            color: As for ``predict``.

        Returns:
            One crop a box. Their ``pixels`` may be changed (``dataclasses.replace``) before
            ``align`` sees them.

        Raises:
            InvalidImageError: As for ``predict``.
            InvalidBoundingBoxError: As for ``predict``.
            ModelDownloadError: As for ``predict``.
        """
        return self._pipeline.cut(image, boxes, color).crops

    def align(self, crops: Sequence[FaceCrop]) -> list[Face]:
        """Find the landmarks and head pose in crops of ``cut``: the second half of ``predict``.

        Returns:
            One face a crop, in pixels of the images that they were cut from.

        Raises:
            InvalidInputError: What came are no crops, or their pixels do not fit the network.
        """
        return self._pipeline.align(list_of(FaceCrop, "crops", crops))
