"""The times of ``asmnet benchmark`` as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from asmnet_sdk.cli.benchmarking import StageTimes
from asmnet_sdk.cli.terminal import print_table, shortened

__all__ = ["print_times", "times_as_json"]

_SHORT = {"inference": "infer", "post-processing": "post"}


def print_times(results: Sequence[StageTimes], machine: Mapping[str, str]) -> None:
    """Print a row a setting, and what they were measured on."""
    stages = list(results[0].milliseconds)
    header = ("model", "device", "threads", "batch", *(_SHORT.get(s, s) for s in stages))
    print_table(header, [_row(result, stages) for result in results])
    print(
        "\nmilliseconds, median; decode and detect: one photo, the others: one face\n"
        "--json FILE has the spread and every time, --plot FILE a chart"
    )
    for name, value in machine.items():
        print(f"{name}: {value}")


def _row(result: StageTimes, stages: Sequence[str]) -> tuple[str, ...]:
    setting = result.setting
    cells = [f"{result.median(stage):.3g}" for stage in stages]
    return (
        shortened(Path(setting.model).name, 20),
        setting.network.device,
        str(setting.threads),
        str(setting.batch),
        *cells,
    )


def times_as_json(results: Sequence[StageTimes], machine: Mapping[str, str]) -> str:
    """Return the date, the machine, and of each setting all times in milliseconds."""
    records = [
        {
            "model": result.setting.model,
            "device": result.setting.network.device,
            "threads": result.setting.threads,
            "batch": result.setting.batch,
            "median": {stage: round(result.median(stage), 4) for stage in result.milliseconds},
            "spread": {stage: round(result.spread(stage), 4) for stage in result.milliseconds},
            "milliseconds": {k: v.round(4).tolist() for k, v in result.milliseconds.items()},
        }
        for result in results
    ]
    today = datetime.now(timezone.utc).date().isoformat()
    return json.dumps({"date": today, "machine": machine, "results": records}, indent=1)
