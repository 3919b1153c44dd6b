"""How the published models are made: labelled, trained, measured, carded and released."""

import asmnet_sdk  # noqa: F401 (first: it keeps onnxruntime silent)
