"""The registry: which models have a name, where their files are and what they must hash to."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from asmnet_sdk.errors import InvalidInputError, UnknownModelError, in_brief

__all__ = [
    "DEFAULT_DETECTOR",
    "DEFAULT_MODEL",
    "ModelSpec",
    "available_models",
    "find_model",
    "find_variant",
]

DEFAULT_MODEL = "asmnet-68"
DEFAULT_DETECTOR = "asmnet-detector"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model of the registry."""

    name: str
    """The name that ``FaceAligner`` and the command line take."""
    kind: Literal["aligner", "detector"]
    """``"aligner"`` gives landmarks and head pose, ``"detector"`` finds faces."""
    repository: str
    """Hub repository, ``"owner/name"``."""
    revision: str
    """Tag, branch or commit of the repository."""
    filename: str
    """File within the repository."""
    sha256: str
    """SHA-256 of the file, 64 lower-case hexadecimal digits."""
    licence: str
    """Licence of the weights; the model card says more."""
    summary: str
    """What the model is, in one line."""
    embedded: bool = False
    """Whether the package itself carries the file."""
    variant_of: str | None = None
    """Name of the model that this one is another form of: ``name`` is that, ``-`` and the form."""

    def __repr__(self) -> str:
        return f"ModelSpec({self.name!r}, {self.summary!r}, licence={self.licence!r})"


_MODELS: Mapping[str, ModelSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ModelSpec(
                name=DEFAULT_MODEL,
                kind="aligner",
                repository="asmnet/asmnet-68",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="525c7e55344b642c9616ec6ae93e7f38477bd33cf47050f9c6d5f038a344bfc1",
                licence="research only",
                summary="68 iBUG landmarks and head pose; the default",
                embedded=True,
            ),
            ModelSpec(
                name="asmnet-68-int8",
                kind="aligner",
                repository="asmnet/asmnet-68-int8",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="5a8b1f4d1cbc7fe0ebb45f1a8a4fa2a54332fb9888ea82c7674c327d09e97126",
                licence="research only",
                summary="asmnet-68 in 8 bits: faster on processors with 8-bit instructions",
                embedded=True,
                variant_of=DEFAULT_MODEL,
            ),
            ModelSpec(
                name="asmnet-68-fast",
                kind="aligner",
                repository="asmnet/asmnet-68-fast",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="f1112466bf1b84b7934941ae166843b60be2a96273a4f644c6bfa8e5f6e1d033",
                licence="research only",
                summary="68 iBUG landmarks and head pose at 128 px: less work per face",
            ),
            ModelSpec(
                name="asmnet-98",
                kind="aligner",
                repository="asmnet/asmnet-98",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="b848706c5e4cdca6b04a3dec530d80db337d057652b3b4d96e9b149ae91e216b",
                licence="research only",
                summary="98 WFLW landmarks, pupils among them, and head pose",
            ),
            ModelSpec(
                name="asmnet-68-paper",
                kind="aligner",
                repository="asmnet/asmnet-68-paper",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="6d66d612b8a504ca1521c5a9b5debe7dd12ba6df0015450844a065ae13105a73",
                licence="research only",
                summary="ASMNet as published, at 224 px: 68 iBUG landmarks and head pose",
            ),
            ModelSpec(
                name="mobilenetv2-68-paper",
                kind="aligner",
                repository="asmnet/mobilenetv2-68-paper",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="581f08cf1d15d32625a91e563f6f84d66b7a3a7411d58c0475ee9653ae6d20e9",
                licence="research only",
                summary="the baseline of ASMNet's paper, at 224 px: 68 iBUG points and head pose",
            ),
            ModelSpec(
                name=DEFAULT_DETECTOR,
                kind="detector",
                repository="asmnet/asmnet-detector",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="79fed26b370c9327d8bd52bce4d3b585ae8a31c4ebf3634294a2b1d4c3ee5a7f",
                licence="research only",
                summary="finds faces, boxes tight around the landmarks; the default",
                embedded=True,
            ),
            ModelSpec(
                name="yunet",
                kind="detector",
                repository="opencv/face_detection_yunet",
                # A branch: what pins the content is the hash.
                revision="main",
                filename="face_detection_yunet_2023mar.onnx",
                sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
                licence="MIT",
                summary="YuNet 2023mar: finds faces",
            ),
        )
    }
)


def available_models() -> tuple[ModelSpec, ...]:
    """Return every model of the registry."""
    return tuple(_MODELS.values())


def find_model(name: str) -> ModelSpec:
    """Return the model of this name.

    Raises:
        UnknownModelError: There is none; the message lists the names there are.
    """
    spec = _MODELS.get(name)
    if spec is None:
        close = difflib.get_close_matches(name, _MODELS, n=1)
        suggestion = f" Did you mean {close[0]!r}?" if close else ""
        raise UnknownModelError(
            f"unknown model '{in_brief(name)}'.{suggestion} Known names: {', '.join(_MODELS)}. "
            "Also taken: the path of an .onnx file or of a folder holding model.onnx, "
            "and a Hub repository as 'owner/name'"
        )
    return spec


def find_variant(model: object, variant: str | None) -> str | None:
    """Return the name of another form of a model, such as its int8 one; None for none wanted.

    Raises:
        InvalidInputError: The model has no such form; the message says which it has.
    """
    if variant is None:
        return None
    forms = {
        s.name.removeprefix(f"{model}-"): s.name for s in _MODELS.values() if s.variant_of == model
    }
    if not isinstance(variant, str) or variant not in forms:
        raise InvalidInputError(
            f"{in_brief(repr(model))} has no variant {in_brief(repr(variant))}; "
            f"it has {', '.join(forms) or 'none'}"
        )
    return forms[variant]
