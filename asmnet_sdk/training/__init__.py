"""Training and export of models; needs the extra ``asmnet-sdk[train]``."""

from __future__ import annotations

from asmnet_sdk.errors import AsmnetError

__all__ = ["MissingExtraError"]


class MissingExtraError(AsmnetError, ImportError):
    """A package that training needs is not installed; the message says how to get it."""


try:
    import onnx  # noqa: F401
    import onnxscript  # noqa: F401
    import torch  # noqa: F401
except ImportError as exc:
    raise MissingExtraError(
        f"training and export need PyTorch and ONNX ({exc}): pip install 'asmnet-sdk[train]'"
    ) from exc
