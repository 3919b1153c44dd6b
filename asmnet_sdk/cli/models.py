"""``asmnet models``: the models there are."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.cli.terminal import print_table
from asmnet_sdk.hub.figures import ModelFigures, model_figures
from asmnet_sdk.hub.registry import ModelSpec, available_models

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "models",
        help="list the models",
        description="List the models that have a name: what they find, how exact and how fast they "
        "are, where they lie and under which licence.",
        epilog="Example: asmnet models, then asmnet predict photo.jpg --model asmnet-68-int8",
    )
    parser.add_argument("--json", action="store_true", help="print all that is known, as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the registry, with what was measured of each model."""
    models = [(spec, model_figures().get(spec.name, ModelFigures())) for spec in available_models()]
    if options.json:
        records = [
            {**asdict(spec), **asdict(figures), "where": _where(spec)} for spec, figures in models
        ]
        print(json.dumps(records, indent=1))
        return 0
    header = ("name", "layout", "NME %", "ms", "MB", "licence", "where")
    print_table(header, [_row(spec, figures) for spec, figures in models])
    print(
        "\nNME: error on the 300-W common test set, in % of the distance of the eyes;\n"
        "ms: one face (detectors: one photo) on one thread.\n"
        "`asmnet download NAME` fetches one from the Hub."
    )
    return 0


def _row(spec: ModelSpec, figures: ModelFigures) -> tuple[str, ...]:
    return (
        spec.name,
        figures.layout or ("detector" if spec.kind == "detector" else "-"),
        _number(figures.nme_percent, 2),
        _number(figures.milliseconds, 1),
        _number(figures.megabytes, 1),
        spec.licence,
        _where(spec),
    )


def _where(spec: ModelSpec) -> str:
    """Say where the file is: in the package, on this machine, or to be fetched."""
    from asmnet_sdk.errors import ModelDownloadError, ModelFileError
    from asmnet_sdk.hub.resolving import resolve_spec

    if spec.embedded:
        return "package"
    try:
        resolve_spec(spec, local_files_only=True)
    except (ModelDownloadError, ModelFileError):
        return "Hub"
    return "here"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
