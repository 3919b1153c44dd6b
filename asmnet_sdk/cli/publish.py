"""``asmnet publish``: upload a model's folder to the Hub, and tag it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.errors import InvalidInputError

if TYPE_CHECKING:
    from asmnet_sdk.publishing.upload import Publication

__all__ = ["add_parser"]


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "publish",
        help="upload a model to the Hugging Face Hub",
        description=(
            "Check a folder of model.onnx, README.md and SHA256SUMS, upload it in one commit, tag "
            "that, and fetch the model back. Uses your own token: HF_TOKEN, or hf auth login."
        ),
        epilog=(
            "Examples:\n"
            "  asmnet publish hub/asmnet-68 --dry-run\n"
            "  asmnet publish mine.onnx --figures mine.json --repo me/mine"
        ),
    )
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER|MODEL.onnx",
        help="such as hub/asmnet-68; of a model file, the folder MODEL-hub is made beside it first",
    )
    parser.add_argument(
        "--figures",
        type=Path,
        metavar="FILE",
        help="with a model file: what `asmnet evaluate --json` wrote of it, for the card",
    )
    parser.add_argument(
        "--measured-on",
        metavar="TEXT",
        help="with --figures: the photos they were measured on",
    )
    parser.add_argument(
        "--repo", metavar="OWNER/NAME", help="Hub repository (default: that of the registry)"
    )
    parser.add_argument("--tag", help="never moved once it exists (default: that of the registry)")
    parser.add_argument("--private", action="store_true", help="make the repository private")
    parser.add_argument("--dry-run", action="store_true", help="check and show, send nothing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show what is to be published, then publish it."""
    from asmnet_sdk.publishing.upload import plan_publication, publish

    publication = plan_publication(
        _folder_of(options), repository=options.repo, tag=options.tag, is_private=options.private
    )
    _show(publication)
    if options.dry_run:
        print("dry run: nothing was sent")
        return 0
    page = publish(publication)
    print(f"published    {page}")
    print(f"verified     the Hub gives SHA-256 {publication.folder.sha256}")
    return 0


def _folder_of(options: argparse.Namespace) -> Path:
    """Return the folder to publish; that of a model file is made."""
    model: Path = options.folder
    if model.suffix != ".onnx":
        return model
    if options.figures is None or not options.measured_on:
        raise InvalidInputError(
            "a model file needs figures for its card: asmnet evaluate PHOTOS --model "
            f"{model} --json figures.json, then --figures figures.json --measured-on 'our photos'"
        )
    from asmnet_sdk.publishing.cards import make_hub_folder

    folder = model.with_name(f"{model.stem}-hub")
    make_hub_folder(
        model,
        folder,
        figures=options.figures,
        data_set=options.measured_on,
        repository=options.repo,
    )
    return folder


def _show(publication: Publication) -> None:
    folder = publication.folder
    visibility = "private" if publication.is_private else "public"
    print(f"model        {folder.name}: works and agrees with its card")
    print(f"repository   {publication.repository} ({visibility})")
    print(f"tag          {publication.tag}")
    for path in folder.files:
        print(f"file         {path} ({path.stat().st_size} bytes)")
    print(f"SHA-256      {folder.sha256}")
    print(f"licence      {folder.licence}")
    if folder.is_research_only:
        print("NOTE         the weights are licensed for non-commercial research only;")
        print("             this upload does not change that")
