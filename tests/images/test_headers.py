import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from asmnet_sdk.errors import InvalidImageError
from asmnet_sdk.images.headers import SUPPORTED_FORMATS, read_image_header


def _encode(mode, file_format, *, size=(37, 29), orientation=None, **options):
    if orientation is not None:
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = orientation
    file = io.BytesIO()
    Image.new(mode, size).save(file, file_format, **options)
    return file.getvalue()


def test_supported_formats_are_named():
    assert SUPPORTED_FORMATS == ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WebP")


@pytest.mark.parametrize(
    ("file_format", "mode", "options"),
    [
        ("BMP", "RGB", {}),
        ("BMP", "1", {}),
        ("GIF", "L", {}),
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {"progressive": True}),
        ("PNG", "RGBA", {}),
        ("TIFF", "RGB", {}),
        ("TIFF", "I;16B", {}),
        ("TIFF", "1", {"compression": "group4"}),
        ("WebP", "RGB", {"lossless": False}),
        ("WebP", "RGB", {"lossless": True}),
        ("WebP", "RGBA", {"lossless": False}),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (37, 29), (300, 2)])
def test_format_and_size_are_read(file_format, mode, options, size):
    header = read_image_header(_encode(mode, file_format, size=size, **options))
    assert header.file_format == file_format
    assert (header.width, header.height) == size
    assert header.orientation == 1


def test_webp_of_every_kind_is_covered():
    kinds = [
        _encode("RGB", "WebP", lossless=False)[12:16],
        _encode("RGB", "WebP", lossless=True)[12:16],
        _encode("RGB", "WebP", orientation=6)[12:16],
    ]
    assert kinds == [b"VP8 ", b"VP8L", b"VP8X"]


@pytest.mark.parametrize("size", [(1, 16383), (16383, 2), (4097, 3)])
@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}, {"orientation": 2}])
def test_large_webp_sizes_are_read(size, options):
    header = read_image_header(_encode("RGB", "WebP", size=size, **options))
    assert (header.width, header.height) == size


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WebP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_is_as_stored_and_orientation_beside_it(file_format, orientation):
    header = read_image_header(_encode("RGB", file_format, orientation=orientation))
    assert (header.width, header.height) == (37, 29)
    assert header.orientation == orientation


def test_webp_chunks_of_odd_length_are_padded():
    data = _encode("RGB", "WebP", orientation=6)
    chunks = data[12:30] + b"XXXX" + struct.pack("<I", 3) + b"odd\0" + data[30:]
    data = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks
    assert read_image_header(data).orientation == 6


def test_orientation_of_a_big_endian_tiff_is_read():
    data = _encode("I;16B", "TIFF", orientation=7)
    assert data.startswith(b"MM\0*")
    assert read_image_header(data).orientation == 7


def _exif_block(order, kind, value, *, prefix=b""):
    start = b"II*\0" if order == "<" else b"MM\0*"
    code = {3: "H2x", 4: "I"}[kind]
    entry = struct.pack(f"{order}HHI{code}", 0x0112, kind, 1, value)
    return prefix + start + struct.pack(f"{order}IH", 8, 1) + entry + bytes(4)


def _jpeg_with_segment(marker, body):
    data = _encode("RGB", "JPEG")
    segment = bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
    return data[:2] + segment + data[2:]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
def test_exif_of_both_byte_orders_and_number_sizes_is_read(order, kind):
    block = _exif_block(order, kind, 6, prefix=b"Exif\0\0")
    assert read_image_header(_jpeg_with_segment(0xE1, block)).orientation == 6


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_png_exif_is_read_with_and_without_prefix(prefix):
    data = _encode("RGB", "PNG")
    block = _exif_block("<", 3, 8, prefix=prefix)
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    assert read_image_header(data[:33] + chunk + data[33:]).orientation == 8


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0garbage garbage garbage",
        b"Exif\0\0" + _exif_block("<", 3, 6)[:12],
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0" + _exif_block("<", 3, 9),
        b"Exif\0\0" + _exif_block("<", 3, 0),
    ],
)
def test_broken_exif_means_upright(block):
    assert read_image_header(_jpeg_with_segment(0xE1, block)).orientation == 1


def test_markers_within_segments_are_no_markers():
    thumbnail = _encode("RGB", "JPEG", size=(8, 8))
    header = read_image_header(_jpeg_with_segment(0xE2, thumbnail))
    assert (header.width, header.height) == (37, 29)


def test_fill_bytes_before_jpeg_markers_are_skipped():
    data = _encode("RGB", "JPEG")
    header = read_image_header(data[:2] + b"\xff\xff" + data[2:-2] + b"\xff\xff" + data[-2:])
    assert header.width == 37


def test_many_fill_bytes_take_no_quadratic_time():
    data = _encode("RGB", "JPEG")
    with pytest.raises(InvalidImageError, match="cut short"):
        read_image_header(data[:-2] + b"\xff" * 2_000_000 + b"\0")


def test_tiff_overwrites_make_it_upright_and_its_alpha_unspecified():
    data = bytearray(_encode("RGBA", "TIFF", orientation=6))
    header = read_image_header(bytes(data))
    assert header.orientation == 6
    for position, values in header.overwrites:
        data[position : position + len(values)] = values
    image = Image.open(io.BytesIO(data))
    assert image.tag_v2[0x0112] == 1
    assert image.tag_v2[338] == (0,)


@pytest.mark.parametrize("file_format", ["BMP", "JPEG", "PNG", "WebP"])
def test_other_formats_need_no_overwrites(file_format):
    assert read_image_header(_encode("RGB", file_format)).overwrites == ()


@pytest.mark.parametrize("file_format", SUPPORTED_FORMATS)
def test_cut_file_is_refused_by_name(file_format):
    data = _encode("L" if file_format == "GIF" else "RGB", file_format)
    assert read_image_header(data + b"trailing bytes").width == 37
    for length in range(32, len(data)):
        with pytest.raises(InvalidImageError, match=f"{file_format} file is cut short"):
            read_image_header(data[:length])


def test_png_with_a_wrong_checksum_is_refused():
    data = bytearray(_encode("RGB", "PNG"))
    data[data.index(b"IDAT") + 10] ^= 1
    with pytest.raises(InvalidImageError, match=re.escape("checksum of its b'IDAT' chunk")):
        read_image_header(bytes(data))


def test_top_down_bmp_has_a_positive_height():
    data = bytearray(_encode("RGB", "BMP"))
    data[22:26] = struct.pack("<i", -29)
    assert read_image_header(bytes(data)).height == 29


def test_old_bmp_with_a_12_byte_header_is_read():
    header = struct.pack("<2sIHHIIHHHH", b"BM", 0, 0, 0, 26, 12, 2, 3, 1, 24)
    assert read_image_header(header + bytes(3 * 8)).height == 3
    with pytest.raises(InvalidImageError, match="BMP file is cut short"):
        read_image_header(header + bytes(3 * 8 - 1))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a picture of a supported format (AVIF, BMP, GIF, JPEG, PNG, TIFF, WebP; HEIC"),
        (b"\0\0\0\x18ftypheic", "HEIC file is cut short or damaged"),
        (b"\0\0\0\x14ftypheic\0\0\0\0mif1", "HEIC file is cut short or damaged"),
        (b"\xff\xd8\xff\xd9", "JPEG file holds no picture"),
        (b"GIF89a\1\0\1\0\0\0\0;", "GIF file holds no picture"),
        (b"GIF89a\1\0\1\0\0\0\0?;", "GIF file is damaged"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "TIFF file is damaged"),
        (b"RIFF\4\0\0\0WEBP", "WebP file says 0 x 0 pixels"),
    ],
)
def test_file_without_a_picture_is_refused(data, message):
    with pytest.raises(InvalidImageError, match=re.escape(message)):
        read_image_header(data)


def test_random_bytes_after_each_signature_raise_nothing_else():
    rng = np.random.default_rng(0)
    starts = [b"BM", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*"]
    for start in [*starts, b"RIFF\x20\0\0\0WEBPVP8X", b"RIFF\x20\0\0\0WEBPVP8 "]:
        for _ in range(300):
            noise = rng.integers(0, 256, rng.integers(0, 120), np.uint8)
            noise[rng.random(len(noise)) < 0.5] = 0
            try:
                header = read_image_header(start + noise.tobytes())
            except InvalidImageError:
                continue
            assert header.width > 0
            assert header.height > 0
