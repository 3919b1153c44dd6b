"""Small pictures of every format and kind that ``load_image`` takes, from which damage starts."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, features

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "astronaut.jpg"
CORPUS = Path(__file__).with_name("corpus")
_SAVED = (
    ("RGB", "JPEG", {}),
    ("RGB", "JPEG", {"progressive": True}),
    ("CMYK", "JPEG", {}),
    ("L", "JPEG", {"subsampling": 0}),
    ("RGB", "PNG", {}),
    ("RGBA", "PNG", {}),
    ("P", "PNG", {}),
    ("1", "PNG", {}),
    ("I;16", "PNG", {}),
    ("RGB", "WEBP", {"lossless": False}),
    ("RGBA", "WEBP", {"lossless": False}),
    ("RGBA", "WEBP", {"lossless": True}),
    ("RGB", "BMP", {}),
    ("RGBA", "BMP", {}),
    ("P", "BMP", {}),
    ("1", "BMP", {}),
    ("P", "GIF", {}),
    ("RGB", "TIFF", {}),
    ("RGBA", "TIFF", {"compression": "tiff_lzw"}),
    ("RGB", "TIFF", {"compression": "jpeg"}),
    ("RGB", "TIFF", {"compression": "packbits"}),
    ("L", "TIFF", {"compression": "tiff_adobe_deflate"}),
    ("1", "TIFF", {"compression": "group4"}),
    ("I;16", "TIFF", {}),
    ("P", "TIFF", {}),
    *([("RGB", "AVIF", {})] if features.check("avif") else []),
)


def seed_files() -> list[bytes]:
    """Return the pictures as files, and the corpus: those that once broke something."""
    photo = Image.open(EXAMPLE).resize((48, 40))
    files = [_save(_in_mode(photo, mode), kind, **options) for mode, kind, options in _SAVED]
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        exif = Image.Exif()
        exif[0x0112] = 6
        files.append(_save(photo, kind, exif=exif))
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        frames = [photo.rotate(90), photo.rotate(180)]
        files.append(_save(photo, kind, save_all=True, append_images=frames))
    files += [run_length_bitmap(), tiled_tiff(tile_wh=(48, 48))]
    return files + [path.read_bytes() for path in corpus_paths()]


def corpus_paths() -> list[Path]:
    """Return pictures that once broke something, each kept as the file it was."""
    return sorted((CORPUS / "images").iterdir())


def _in_mode(photo: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(photo.convert("L"), np.uint16) * 257)
    return photo.convert(mode)


def _save(photo: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    photo.save(file, kind, **options)
    return file.getvalue()


def run_length_bitmap() -> bytes:
    rows = b"\0\0".join(bytes([17, row % 2]) for row in range(13)) + b"\0\1"
    palette = bytes([10, 20, 30, 0, 200, 210, 220, 0])
    start = 14 + 40 + len(palette)
    file_header = struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, 17, 13, 1, 8, 1, len(rows), 0, 0, 2, 2)
    return file_header + info + palette + rows


def tiff(tags: list[tuple[int, int, int]], pixels: bytes) -> bytes:
    """Return a little-endian TIFF of one value a tag: (tag, type, value)."""
    entries = [
        struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value) for tag, kind, value in tags
    ]
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + b"".join(entries) + b"\0" * 4 + pixels
    )


def tiled_tiff(*, tile_wh: tuple[int, int], size_wh: tuple[int, int] = (48, 48)) -> bytes:
    """Return a grey TIFF of one tile, whose bytes are those of 48 x 48 pixels."""
    pixels = bytes(range(256)) * 9
    tags = [
        (256, 4, size_wh[0]), (257, 4, size_wh[1]), (258, 3, 8), (259, 3, 1), (262, 3, 1),
        (277, 3, 1), (322, 4, tile_wh[0]), (323, 4, tile_wh[1]), (324, 4, 134), (325, 4, 2304),
    ]  # fmt: skip
    return tiff(tags, pixels)


def largest_files() -> list[bytes]:
    """Return files of less than a few megabytes with as many pixels as are allowed."""
    black = np.zeros((11585, 11585), np.uint8)
    kinds: tuple[tuple[str, list[int]], ...] = (
        (".png", []),
        (".jpg", []),
        (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
        (".tif", []),
        (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
    )
    return [cv2.imencode(kind, black, options)[1].tobytes() for kind, options in kinds]
