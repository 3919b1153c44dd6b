"""Give older cards the header that releases write today: ``python -m lab.card_headers [hub]``.

The metrics are those that the model file itself states: nothing is measured. Cards that name the
library already stay as they are.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asmnet_sdk.publishing.cards import LIBRARY_TAG, card_header
from asmnet_sdk.publishing.folders import CARD_FILE, MODEL_FILE
from asmnet_sdk.runtime.session import OnnxSession
from lab.releasing import TEST_SET

ROOT = Path(__file__).resolve().parent.parent
_HEADER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


def main(hub: Path) -> None:
    """Renew the header of each card below a folder that lacks the library's name."""
    for model in sorted(hub.glob(f"*/{MODEL_FILE}")):
        card = model.with_name(CARD_FILE)
        text = card.read_text("utf-8")
        renewed = with_header(text, name=model.parent.name, figures=stated_figures(model))
        if renewed != text:
            card.write_text(renewed, encoding="utf-8")
            print(f"renewed {card}")


def stated_figures(model: Path) -> Mapping[str, Any]:
    """Return the figures in the metadata of a model file, of whichever kind it is."""
    metadata = OnnxSession(model, device="cpu", threads=1).metadata
    [text] = [value for key, value in metadata.items() if key.startswith("asmnet_sdk")]
    figures: Mapping[str, Any] = json.loads(text)["figures"]
    return figures


def with_header(card: str, *, name: str, figures: Mapping[str, Any]) -> str:
    """Return a card under today's header, which keeps the licence, the task and the tags.

    Raises:
        ValueError: The card has no header with these.
    """
    header = _HEADER.match(card)
    if header is None:
        raise ValueError(f"the card of {name} has no header")
    if f"library_name: {LIBRARY_TAG}" in header[1].splitlines():
        return card
    values = dict(line.split(": ", 1) for line in header[1].splitlines() if ": " in line)
    return (
        card_header(
            name=name,
            licence_name=values["license_name"],
            task=values["pipeline_tag"],
            tags=re.findall(r"^- (.+)$", header[1], re.MULTILINE),
            data_set=TEST_SET,
            figures=figures,
        )
        + card[header.end() :]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "hub")
