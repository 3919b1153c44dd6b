"""Faults of onnxruntime itself that its user cannot avoid."""

from __future__ import annotations

import onnxruntime
import pytest

CRASHES_ON_DAMAGED_MODELS = onnxruntime.__version__.startswith("1.23.")
"""onnxruntime 1.23.2, the newest for Python 3.10, can end the process while it infers the shapes of
a model whose input has too few axes; 1.17.0 and 1.32.0 refuse the same files."""

needs_sound_onnxruntime = pytest.mark.skipif(
    CRASHES_ON_DAMAGED_MODELS, reason="this onnxruntime crashes on damaged models"
)
