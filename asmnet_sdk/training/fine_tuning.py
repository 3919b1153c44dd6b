"""Few photos, and a model to start from: what a run then does unless its keys say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from asmnet_sdk.hub.resolving import resolve_model
from asmnet_sdk.landmarks.contract import read_contract
from asmnet_sdk.runtime.session import OnnxSession

__all__ = ["DEFAULTS", "start_file", "with_defaults"]

DEFAULTS: Mapping[str, object] = MappingProxyType(
    {
        "epochs": 130,
        "batch_size": 16,
        "negatives": 4,
        "turned_away": 0.6,
        "learning_rate": 1e-3,
        "average_decay": 0.98,
        "frozen_blocks": 3,
        "frozen_norms": True,
        "blend": True,
        "may_forget": 0.02,
        "replay_share": 0.67,
        "threads": 1,
    }
)
"""Key -> value: small batches, a low rate, a trunk whose first blocks stay as they are, an average
that follows soon, and many faces upside down that are to pass for none: by the face score a way up
is chosen, and a start may be wrong about faces that are new to it."""
_EARLY_EPOCHS, _EARLY_SIDE = 0.73, 0.8  # shares: crops a fifth smaller take half the time


def start_file(start_from: Path) -> Path:
    """Return the file that a run starts from: ``weights.pt``, or a model's ``.onnx``.

    Args:
        start_from: Such a file, a name of the registry, or a Hub repository.

    Raises:
        ModelError: There is no such model, or it cannot be had.
    """
    return start_from if start_from.suffix == ".pt" else resolve_model(start_from.as_posix())


def with_defaults(values: Mapping[str, object]) -> dict[str, object]:
    """Return the keys of a run, with those of fine-tuning where it starts from a model.

    Size and scale of the crops are the model's own; in three of four epochs they are a fifth
    smaller.

    Raises:
        ModelError: The model cannot be had, or its file is none.
    """
    start = values.get("start_from")
    if not isinstance(start, str | Path) or not str(start) or Path(start).suffix == ".pt":
        return dict(values)
    metadata, _ = read_contract(OnnxSession(start_file(Path(start)), device="cpu"))
    size, epochs = metadata.input_size, values.get("epochs", DEFAULTS["epochs"])
    crops = {
        "size": size,
        "crop_scale": float(metadata.crop_scale),
        "early_size": max(32, int(_EARLY_SIDE * size) // 32 * 32),
        "early_epochs": round(_EARLY_EPOCHS * epochs) if isinstance(epochs, int) else 0,
    }
    return {**DEFAULTS, **crops, **values}
