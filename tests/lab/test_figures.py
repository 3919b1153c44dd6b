from __future__ import annotations

from asmnet_sdk import available_models
from asmnet_sdk.hub.figures import model_figures
from lab import figures
from tests.conftest import REPOSITORY


def test_table_has_a_row_a_model_and_dashes_for_what_was_not_measured():
    record = {
        "date": "2026-01-02",
        "processor": "some processor",
        "models": {
            "asmnet-68": {
                "layout": "IBUG_68",
                "input_size": 160,
                "nme_percent": 3.256,
                "milliseconds": 7.5,
                "megabytes": 5.6,
            }
        },
    }
    table = figures.model_table(record, available_models())
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) == len(available_models())
    assert "| IBUG_68 | 160 px | 3.26 | 7.5 | 5.6 | research only | in the package |" in rows[0]
    assert "| - | - | - | - | - | MIT | `asmnet download yunet` |" in rows[-1]
    assert "2026-01-02 on some processor" in table


def test_published_models_have_figures_and_the_page_shows_them():
    measured = model_figures()
    folders = {path.parent.name for path in (REPOSITORY / "hub").glob("*/model.onnx")}
    assert folders <= measured.keys()
    page = (REPOSITORY / "docs" / "models" / "index.md").read_text("utf-8")
    for name, known in measured.items():
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"| {known.milliseconds} | {known.megabytes} |" in row
