"""``asmnet sample``: photos and a clip to try things on, in a folder of your own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from asmnet_sdk.cli.parsing import Subcommands
from asmnet_sdk.cli.terminal import check_files
from asmnet_sdk.whole_files import write_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["add_parser"]

_CLIP = "clip.avi"
_FRAME_RATE = 30
_FRAMES = 45
_CLIP_SIZE_WH = (320, 240)


def add_parser(commands: Subcommands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "sample",
        help="write sample photos and a clip to try things on",
        description="Write two public-domain photos that come with the package, group.jpg and "
        f"portrait.jpg, and {_CLIP}, a pan over the portrait. The documentation uses them.",
        epilog="Example: asmnet sample, then asmnet predict group.jpg --draw drawn.png",
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where to write them (default: here)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the samples; files of these names that are there already are kept."""
    from asmnet_sdk.images.samples import SAMPLE_NAMES, sample_photo

    names = [f"{name}.jpg" for name in SAMPLE_NAMES] + [_CLIP]
    missing = [name for name in names if not (options.folder / name).exists()]
    check_files(options.folder / name for name in missing)
    for name in missing:
        path = options.folder / name
        if name == _CLIP:
            _write_clip(path)
        else:
            write_bytes(path, sample_photo(path.stem).read_bytes())
    kept = [name for name in names if name not in missing]
    wrote = f"wrote {', '.join(missing)}" if missing else "wrote nothing"
    note = f"; {', '.join(kept)} {'was' if len(kept) == 1 else 'were'} there" if kept else ""
    print(f"{wrote}{note}")
    return 0


def _write_clip(path: Path) -> None:
    """Write a pan over the portrait: the face moves to the left and grows a little."""
    import cv2

    from asmnet_sdk.cli.video_writing import finish_video
    from asmnet_sdk.errors import InvalidInputError
    from asmnet_sdk.images.loading import load_image
    from asmnet_sdk.images.samples import sample_photo

    photo = cv2.cvtColor(load_image(sample_photo("portrait")), cv2.COLOR_RGB2BGR)
    codec = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), codec, _FRAME_RATE, _CLIP_SIZE_WH)
    if not writer.isOpened():
        raise InvalidInputError(f"{path}: OpenCV {cv2.__version__} cannot write video here")
    for index in range(_FRAMES):
        writer.write(_frame(photo, index / (_FRAMES - 1)))  # type: ignore[arg-type]
    finish_video(writer, path, _FRAMES)


def _frame(photo: NDArray[np.uint8], progress: float) -> NDArray[np.uint8]:
    import cv2

    width = round(360 - 60 * progress)
    left, top = round(40 + 70 * progress), 10
    part = photo[top : top + width * 3 // 4, left : left + width]
    return cv2.resize(part, _CLIP_SIZE_WH, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
