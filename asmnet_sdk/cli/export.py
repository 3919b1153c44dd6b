"""``asmnet export``: a model file of a finished training run."""

from __future__ import annotations

import argparse
from pathlib import Path

from asmnet_sdk.cli.parsing import Subcommands

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "export",
        help="make a model file of a training run",
        description=(
            "Write the network of a finished run as a self-describing ONNX file. Nothing is "
            "written unless onnxruntime gives the same outputs as torch."
        ),
        epilog=(
            "Examples:\n"
            "  asmnet export runs/mine mine.onnx\n"
            "  asmnet predict photo.jpg --model mine.onnx"
        ),
    )
    parser.add_argument("folder", type=Path, metavar="RUN_FOLDER", help="as asmnet train left it")
    parser.add_argument("out", type=Path, metavar="OUT.onnx", help="the model file")
    parser.add_argument("--name", help="name of the model (default: that of the file)")
    parser.add_argument(
        "--training-data",
        default="not stated",
        metavar="TEXT",
        help="what it was trained on, and the terms (default: %(default)s)",
    )
    parser.add_argument(
        "--licence",
        default="not stated",
        metavar="TEXT",
        help="licence of the weights (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Export the network of a run folder."""
    from asmnet_sdk.training import check_extra

    check_extra()
    from asmnet_sdk.training.export import TOLERANCE, export_network
    from asmnet_sdk.training.run_folder import load_run, model_metadata

    config, network = load_run(options.folder)
    metadata = model_metadata(
        config,
        name=options.name or options.out.stem,
        training_data=options.training_data,
        licence=options.licence,
    )
    export_network(network, metadata, options.out)
    print(f"{options.out}: onnxruntime and torch agree within {TOLERANCE:g}")
    return 0
