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
                sha256="bb0af578fa5d22bd3ad14281839157cfb44807b76b7179b9959a400af13bd1a5",
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
                sha256="0081122cc3875f3303fd78d58eff2e3964fcef819ec5468e5eac9caada981f4f",
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
                sha256="95b69c4976148d130f198eb4c4272e2ce9d6ff88027f42fd1552cdf3cd139508",
                licence="research only",
                summary="68 iBUG landmarks and head pose at 128 px: less work per face",
            ),
            ModelSpec(
                name="asmnet-98",
                kind="aligner",
                repository="asmnet/asmnet-98",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="6f60afa0e0a18f25fd049d0d6ee6c8a1e2365c599abdc75002a9e08467373e3b",
                licence="research only",
                summary="98 WFLW landmarks, pupils among them, and head pose",
            ),
            ModelSpec(
                name="asmnet-68-paper",
                kind="aligner",
                repository="asmnet/asmnet-68-paper",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="8d59628d00178f9125c5a9b706d29693e203052a439874b94c5ed4671e9ee785",
                licence="research only",
                summary="ASMNet as published, at 224 px: 68 iBUG landmarks and head pose",
            ),
            ModelSpec(
                name="mobilenetv2-68-paper",
                kind="aligner",
                repository="asmnet/mobilenetv2-68-paper",
                revision="v0.1.0",
                filename="model.onnx",
                sha256="4fb2666cb2b0cc9584dd73fda4cac180ebe763f09b5a78ee961249cb4bc99502",
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
