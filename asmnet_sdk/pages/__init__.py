"""Web pages that stand alone: their colours, and the policy that lets them run nothing else."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

__all__ = ["content_policy", "full_style", "read_asset"]


def read_asset(path: Path) -> str:
    """Return a style, script or page that lies in the package."""
    return path.read_text(encoding="utf-8")


def full_style(path: Path) -> str:
    """Return the colours and type that all pages share, and one page's own style after them."""
    return read_asset(Path(__file__).with_name("shared.css")) + read_asset(path)


def content_policy(style: str, script: str, *others: str) -> str:
    """Return the content security policy of a page: this style and this script, and no other.

    Args:
        style: What is between its ``style`` tags.
        script: What is between its ``script`` tags.
        others: Further directives, such as ``"img-src data:"``.
    """
    rules = (
        "default-src 'none'",
        *others,
        f"style-src {_hash(style)}",
        f"script-src {_hash(script)}",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
