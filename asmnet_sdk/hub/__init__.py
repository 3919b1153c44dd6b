"""Where models come from: the registry, and from a name to a verified local file."""

from asmnet_sdk.hub.registry import (
    DEFAULT_DETECTOR,
    DEFAULT_MODEL,
    ModelSpec,
    available_models,
    find_model,
)
from asmnet_sdk.hub.resolving import MIRROR_VARIABLE, resolve_model, resolve_spec

__all__ = [
    "DEFAULT_DETECTOR",
    "DEFAULT_MODEL",
    "MIRROR_VARIABLE",
    "ModelSpec",
    "available_models",
    "find_model",
    "resolve_model",
    "resolve_spec",
]
