"""Training and export of models; what uses PyTorch needs the extra ``asmnet-sdk[train]``."""

from __future__ import annotations

from importlib.util import find_spec

from asmnet_sdk.errors import MissingExtraError, missing_extra

__all__ = ["MissingExtraError", "check_extra"]


def check_extra() -> None:
    """Refuse to go on where the extra ``[train]`` is not installed.

    Raises:
        MissingExtraError: The message says which package is missing, and how to get it.
    """
    for package in ("torch", "onnx", "onnxscript"):
        if find_spec(package) is None:
            raise missing_extra("training or export", "train", package)
