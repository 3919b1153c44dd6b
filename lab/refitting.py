"""Layers of a trained network taught anew from what they read; all else it gives stays as it is.

Such a layer sees each crop many times, the rest of the network only once, by onnxruntime: minutes
on a CPU.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asmnet_sdk.datasets import AnnotatedFace
from asmnet_sdk.layouts import Layout
from asmnet_sdk.runtime.session import OnnxSession
from asmnet_sdk.training.batches import to_network_input
from asmnet_sdk.training.choices import layout_of
from asmnet_sdk.training.configuration import RunConfig, read_config, write_config
from asmnet_sdk.training.inference import upright_crops
from asmnet_sdk.training.networks import SpatialAsmnet
from asmnet_sdk.training.onnx_files import to_onnx
from asmnet_sdk.training.run import take_start
from asmnet_sdk.training.run_faces import load_further, read_faces
from asmnet_sdk.training.run_folder import CONFIG_FILE, WEIGHTS_FILE
from asmnet_sdk.training.samples import FaceSamples, load_face_samples
from asmnet_sdk.training.torch_files import save_state

__all__ = ["Evidence", "LayerReader", "Refit", "refit_parser"]

_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a layer reads of N crops, and what it ought to make of them.

    Attributes:
        features: (N, C) what it reads.
        truth: (N, ...) what is true of the crops.
        weights: (N,) how much each counts.
    """

    features: Tensor
    truth: Tensor
    weights: Tensor

    def counting(self, whole: float) -> Evidence:
        """Return the same with weights that sum up to ``whole``."""
        return replace(self, weights=self.weights * (whole / self.weights.sum()))

    @classmethod
    def join(cls, parts: Iterable[Evidence]) -> Evidence:
        """Return all evidence together."""
        rows = [(part.features, part.truth, part.weights) for part in parts]
        return cls(*(torch.cat(column) for column in zip(*rows, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refit:
    """A trained network that has layers taught anew, and the faces of its run.

    Attributes:
        network: The network, evaluating.
        config: The run; its ``out`` receives the result.
        layout: The layout of its landmarks.
        training: Its annotated faces that train.
        validation: Name -> faces that validate.
    """

    network: SpatialAsmnet
    config: RunConfig
    layout: Layout
    training: list[AnnotatedFace]
    validation: Mapping[str, FaceSamples]

    @classmethod
    def read(cls, options: argparse.Namespace) -> Refit:
        """Read what the arguments of ``refit_parser`` name.

        Raises:
            InvalidInputError: A file cannot be read or holds something else.
        """
        config = replace(read_config(options.run), out=options.out)
        layout = layout_of(config)
        torch.set_num_threads(config.threads)
        training, validation = read_faces(config, layout)
        photos = load_face_samples(validation, layout)
        network = SpatialAsmnet(layout.point_count)
        take_start(network, replace(config, start_from=options.model), photos)
        return cls(
            network=network.eval(),
            config=config,
            layout=layout,
            training=training,
            validation={"photos": photos} | load_further(config, layout),
        )

    def reader(self, layer: nn.Module) -> LayerReader:
        """Return what tells what a layer of the network reads of its crops."""
        return LayerReader(
            self.network, layer, size=self.config.recipe.size, threads=self.config.threads
        )

    def crops(self, faces: FaceSamples) -> NDArray[np.uint8]:
        """Cut each face at its true box: (N, S, S, 3) uint8 RGB."""
        recipe = self.config.recipe
        return upright_crops(faces, size=recipe.size, crop_scale=recipe.crop_scale)[0]

    def save(self) -> None:
        """Leave a run folder that ``lab.release`` takes."""
        self.config.out.mkdir(parents=True, exist_ok=True)
        write_config(self.config, self.config.out / CONFIG_FILE)
        save_state(self.network.state_dict(), self.config.out / WEIGHTS_FILE)


def refit_parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser of the arguments that all such commands take."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("model", type=Path, help="model file, or weights.pt of a run")
    parser.add_argument("run", type=Path, help="configuration file of its training")
    parser.add_argument("out", type=Path, help="run folder to leave")
    return parser


class LayerReader:
    """Tells what a layer of a network reads of crops.

    Args:
        network: The network, evaluating.
        layer: A part of it.
        size: Side of the crops.
        threads: Threads of onnxruntime.
    """

    def __init__(
        self, network: nn.Module, layer: nn.Module, *, size: int, threads: int = 1
    ) -> None:
        model = to_onnx(
            _UpTo(network, layer).eval(),
            torch.zeros(2, 3, size, size),
            output_names=["read"],
            dynamic_shape={0: torch.export.Dim.DYNAMIC},
            metadata=("purpose", "what a layer reads"),
        )
        with TemporaryDirectory() as folder:
            path = Path(folder) / "up_to_the_layer.onnx"
            path.write_bytes(model)
            self._session = OnnxSession(path, device="cpu", threads=threads)

    def read(self, images: Tensor) -> Tensor:
        """Return the (N, C) numbers that the layer reads of a batch of (N, 3, S, S) in [-1, 1]."""
        return torch.from_numpy(self._session.run({"image": images.contiguous().numpy()})["read"])

    def read_crops(self, crops: NDArray[np.uint8]) -> Tensor:
        """Return what it reads of (N, S, S, 3) uint8 RGB crops, a batch at a time."""
        starts = range(0, len(crops), _BATCH)
        return torch.cat([self.read(to_network_input(crops[i : i + _BATCH])) for i in starts])


class _UpTo(nn.Module):
    """A network up to one of its layers: gives what that layer reads."""

    def __init__(self, network: nn.Module, layer: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.layer = layer

    def forward(self, image: Tensor) -> Tensor:
        read: list[Tensor] = []
        hook = self.layer.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
        self.network(image)
        hook.remove()
        return read[0]
