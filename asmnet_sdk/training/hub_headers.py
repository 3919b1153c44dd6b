"""The YAML header by which the Hugging Face Hub files a model card."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["hub_header"]


def hub_header(*, task: str, tags: Sequence[str]) -> str:
    """Return the header of a card whose weights carry the terms of their training photos.

    Args:
        task: The Hub's ``pipeline_tag``.
        tags: What the model is found by.
    """
    lines = [
        "license: other",
        "license_name: research-only-training-data",
        "library_name: onnx",
        f"pipeline_tag: {task}",
        "tags:",
        *(f"- {tag}" for tag in tags),
    ]
    return "\n".join(["---", *lines, "---", ""])
