import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, features

import asmnet_sdk
from asmnet_sdk.errors import InvalidImageError, InvalidInputError
from asmnet_sdk.images import decoding
from asmnet_sdk.images.headers import read_image_header
from asmnet_sdk.images.loading import MAX_IMAGE_PIXELS, load_image

RED, GREEN, BLUE, YELLOW = (250, 20, 30), (10, 200, 60), (40, 50, 220), (240, 230, 0)
COLORS = {"R": RED, "G": GREEN, "B": BLUE, "Y": YELLOW}


def _quadrants(height=32, width=48):
    """Red, green / blue, yellow: no two of its eight orientations are equal."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = RED
    picture[: height // 2, width // 2 :] = GREEN
    picture[height // 2 :, : width // 2] = BLUE
    picture[height // 2 :, width // 2 :] = YELLOW
    return picture


QUADRANTS = _quadrants()
NOISE = np.random.default_rng(7).integers(0, 256, (13, 17, 3), np.uint8)


def _encode(image, file_format, **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    if file_format == "WEBP":
        options.setdefault("lossless", True)
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def _exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _corners(picture):
    """Return the letters of the corner colours: top left, top right, bottom left, bottom right."""
    corners = picture[[2, 2, -3, -3], [2, -3, 2, -3]].astype(int)
    distances = np.abs(corners[:, None] - np.array(list(COLORS.values()))).max(axis=-1)
    assert (distances.min(axis=1) < 40).all()
    return "".join(np.array(list(COLORS))[distances.argmin(axis=1)])


OPENCV_DECODES_GIF = (
    cv2.imdecode(np.frombuffer(_encode(QUADRANTS, "GIF"), np.uint8), cv2.IMREAD_COLOR) is not None
)
OPENCV_DECODES_ANIMATED_WEBP = tuple(map(int, cv2.__version__.split(".")[:2])) >= (4, 11)
needs_gif = pytest.mark.skipif(not OPENCV_DECODES_GIF, reason="this OpenCV decodes no GIF")
LOSSLESS = ["PNG", "WEBP", "BMP", "TIFF", pytest.param("GIF", marks=needs_gif)]


def _assert_is_own_rgb(picture, source=None):
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert picture.flags.writeable
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    if source is not None:
        assert not np.shares_memory(picture, source)


# Arrays


@pytest.mark.parametrize(
    ("color", "pixel", "expected"),
    [
        ("bgr", (1, 2, 3), (3, 2, 1)),
        ("rgb", (1, 2, 3), (1, 2, 3)),
        ("bgr", (1, 2, 3, 200), (3, 2, 1)),
        ("rgb", (1, 2, 3, 200), (1, 2, 3)),
        ("bgr", (7,), (7, 7, 7)),
        ("rgb", (7,), (7, 7, 7)),
    ],
)
def test_array_channels_become_rgb(color, pixel, expected):
    array = np.full((4, 5, len(pixel)), pixel, np.uint8)
    picture = load_image(array, color=color)
    _assert_is_own_rgb(picture, array)
    np.testing.assert_array_equal(picture, np.full((4, 5, 3), expected, np.uint8))


def test_array_without_channel_axis_is_grey():
    array = np.arange(12, dtype=np.uint8).reshape(4, 3)
    picture = load_image(array)
    np.testing.assert_array_equal(picture, np.stack([array] * 3, axis=-1))


@pytest.mark.parametrize("color", ["bgr", "rgb"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_changing_the_result_leaves_the_array_alone(color, channels):
    array = np.full((4, 5, channels), 9, np.uint8)
    load_image(array, color=color)[:] = 0
    assert (array == 9).all()


def test_without_copy_an_rgb_array_is_returned_itself():
    array = np.full((4, 5, 3), 9, np.uint8)
    assert load_image(array, color="rgb", copy=False) is array
    _assert_is_own_rgb(load_image(array, color="bgr", copy=False), array)
    _assert_is_own_rgb(load_image(array[:, ::-1], color="rgb", copy=False), array)


@pytest.mark.parametrize("color", ["bgr", "rgb"])
def test_strided_and_read_only_arrays_load(color):
    array = NOISE[::-2, ::3]
    array.setflags(write=False)
    picture = load_image(array, color=color)
    _assert_is_own_rgb(picture, NOISE)
    expected = NOISE[::-2, ::3] if color == "rgb" else NOISE[::-2, ::3, ::-1]
    np.testing.assert_array_equal(picture, expected)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 5, 3), np.float32),
        np.zeros((4, 5, 3), np.uint16),
        np.zeros((4, 5, 3), bool),
        np.zeros((4, 5, 2), np.uint8),
        np.zeros((3, 4, 5), np.uint8),
        np.zeros((2, 4, 5, 3), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((), np.uint8),
        np.array([["a"]], dtype=object),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_array_of_wrong_type_is_refused_naming_what_came_and_what_is_needed(array):
    with pytest.raises(InvalidImageError) as caught:
        load_image(array)
    message = str(caught.value)
    assert str(array.dtype) in message
    assert str(array.shape) in message
    assert "needed: uint8 (0..255" in message
    assert "(H, W, 3)" in message


@pytest.mark.parametrize("shape", [(0, 5), (5, 0, 3), (0, 0, 4)])
def test_array_without_pixels_is_refused(shape):
    with pytest.raises(InvalidImageError, match="no pixels"):
        load_image(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("color", ["BGR", "gray", "", None])
def test_unknown_color_is_refused(color):
    with pytest.raises(InvalidInputError, match="needed: 'bgr' or 'rgb'") as caught:
        load_image(QUADRANTS, color=color)
    assert not isinstance(caught.value, InvalidImageError)


@pytest.mark.parametrize("image", [None, 3, [[1, 2], [3, 4]], object()])
def test_other_types_are_refused_by_name(image):
    came = (
        "None, which cv2.imread gives for .*"
        if image is None
        else f"of type {type(image).__qualname__}"
    )
    with pytest.raises(InvalidImageError, match=f"image is {came}; needed: a path"):
        load_image(image)


# Where the bytes come from


@pytest.fixture
def png_path(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(_encode(NOISE, "PNG"))
    return path


def test_path_bytes_and_file_objects_give_the_same_pixels(png_path):
    data = png_path.read_bytes()
    with png_path.open("rb") as file, png_path.open("rb", buffering=0) as raw_file:
        sources = [str(png_path), png_path, data, bytearray(data), memoryview(data)]
        for source in [*sources, io.BytesIO(data), file, raw_file]:
            picture = load_image(source)
            _assert_is_own_rgb(picture)
            np.testing.assert_array_equal(picture, NOISE)


def test_color_does_not_matter_for_files_and_pil_images(png_path):
    np.testing.assert_array_equal(load_image(png_path, color="rgb"), NOISE)
    np.testing.assert_array_equal(load_image(Image.open(png_path), color="rgb"), NOISE)


def test_bytes_of_a_strided_view_load():
    data = _encode(NOISE, "PNG")
    interleaved = bytes(byte for pair in zip(data, data, strict=True) for byte in pair)
    np.testing.assert_array_equal(load_image(memoryview(interleaved)[::2]), NOISE)


def test_missing_path_is_named(tmp_path):
    path = tmp_path / "absent.jpg"
    with pytest.raises(InvalidImageError, match="No such file") as caught:
        load_image(path)
    assert str(path) in str(caught.value)
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_directory_is_named(tmp_path):
    with pytest.raises(InvalidImageError) as caught:
        load_image(str(tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read every file"
)
def test_file_without_permission_is_named(png_path):
    png_path.chmod(0)
    with pytest.raises(InvalidImageError, match=r"photo\.png.*Permission denied"):
        load_image(png_path)


def test_path_that_no_system_can_hold_is_refused():
    with pytest.raises(InvalidImageError, match="is no path"):
        load_image("photo\0.jpg")


def test_empty_file_is_named(tmp_path):
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(InvalidImageError, match=r"empty\.jpg: empty"):
        load_image(path)


def test_broken_file_is_named(tmp_path):
    path = tmp_path / "cut.png"
    path.write_bytes(_encode(NOISE, "PNG")[:-20])
    with pytest.raises(InvalidImageError, match=r"cut\.png: PNG file is cut short"):
        load_image(path)


def test_text_file_object_is_refused(tmp_path):
    with pytest.raises(InvalidImageError, match=r"gave str; needed: bytes.*'rb'"):
        load_image(io.StringIO("text"))
    path = tmp_path / "photo.png"
    path.write_bytes(_encode(NOISE, "PNG"))
    with path.open(encoding="utf-8") as file, pytest.raises(InvalidImageError, match=r"photo\.png"):
        load_image(file)


def test_closed_file_object_is_refused(png_path):
    with png_path.open("rb") as file:
        pass
    with pytest.raises(InvalidImageError, match="closed file"):
        load_image(file)


def test_file_object_that_has_been_read_says_so(png_path):
    with png_path.open("rb") as file:
        file.read()
        with pytest.raises(InvalidImageError, match=r"read to its end; call its seek\(0\) first"):
            load_image(file)


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("https://example.org/face.jpg", "urlopen"),
        ("HTTP://example.org/face.jpg", "urlopen"),
        ("file:///home/me/face.jpg", "url2pathname"),
        ("data:image/png;base64,iVBORw0KGgo=", "b64decode"),
        ("s3://bucket/face.jpg", "give the bytes"),
    ],
)
def test_address_is_refused_saying_how_to_get_its_bytes(address, remedy):
    with pytest.raises(
        InvalidImageError, match=f"is an address, no path; give .*{remedy}|.*{remedy}"
    ):
        load_image(address)


def test_empty_text_is_no_path():
    with pytest.raises(InvalidImageError, match="image is an empty text; needed: a path"):
        load_image("")


@pytest.mark.parametrize("begin", ["data:image/png;base64,", "", "file:///"])
def test_errors_do_not_repeat_long_input(begin):
    with pytest.raises(InvalidImageError) as caught:
        load_image(begin + "x" * 5000)
    assert "x" * 20 in str(caught.value)
    assert "x" * 201 not in str(caught.value)


@pytest.mark.parametrize("data", [b"hello, world", b"\0" * 64, b"%PDF-1.7", b"\xff"])
def test_other_formats_are_refused_naming_the_supported(data):
    with pytest.raises(InvalidImageError, match="AVIF, BMP, GIF, JPEG, PNG, TIFF, WebP; HEIC"):
        load_image(data)


# What the files hold


@pytest.mark.parametrize("file_format", LOSSLESS)
def test_color_file_has_its_pixels(file_format):
    picture = load_image(_encode(QUADRANTS, file_format))
    _assert_is_own_rgb(picture)
    np.testing.assert_array_equal(picture, QUADRANTS)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 98}])
def test_jpeg_has_its_colors(options):
    picture = load_image(_encode(QUADRANTS, "JPEG", **options))
    assert picture.shape == QUADRANTS.shape
    assert _corners(picture) == "RGBY"


@pytest.mark.parametrize("file_format", [*LOSSLESS, "JPEG"])
@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_file_becomes_three_equal_channels(file_format, mode):
    grey = np.zeros((16, 24), np.uint8)
    grey[:, 8:] = 255 if mode == "1" else 100
    picture = load_image(_encode(Image.fromarray(grey).convert(mode), file_format))
    np.testing.assert_allclose(picture, np.stack([grey] * 3, axis=-1), atol=2)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_dropped_not_blended(file_format, mode):
    alpha = np.linspace(1, 255, QUADRANTS.shape[1]).astype(np.uint8)
    image = Image.fromarray(QUADRANTS).convert(mode)
    image.putalpha(Image.fromarray(np.tile(alpha, (QUADRANTS.shape[0], 1))))
    expected = np.array(Image.fromarray(QUADRANTS).convert(mode[:-1]).convert("RGB"))
    np.testing.assert_array_equal(load_image(_encode(image, file_format)), expected)


@pytest.mark.parametrize("file_format", LOSSLESS)
def test_palette_file_has_its_colors(file_format):
    image = Image.fromarray(QUADRANTS).quantize(4)
    picture = load_image(_encode(image, file_format))
    assert _corners(picture) == "RGBY"
    np.testing.assert_array_equal(picture, np.array(image.convert("RGB")))


def test_transparent_palette_png_keeps_its_colors():
    image = Image.fromarray(QUADRANTS).quantize(4)
    data = _encode(image, "PNG", transparency=bytes([0, 50, 100, 150]))
    assert _corners(load_image(data)) == "RGBY"


def test_16_bit_grey_png_keeps_the_high_byte():
    values = np.array([[0, 255, 256, 0x12FF], [0x8000, 0xFEFF, 0xFF00, 0xFFFF]], np.uint16)
    picture = load_image(_encode(values, "PNG"))
    expected = np.array([[0, 0, 1, 0x12], [0x80, 0xFE, 0xFF, 0xFF]], np.uint8)
    np.testing.assert_array_equal(picture, np.stack([expected] * 3, axis=-1))


@pytest.mark.parametrize("channels", [3, 4])
def test_16_bit_color_png_keeps_the_high_byte(channels):
    bgr = np.random.default_rng(1).integers(0, 2**16, (5, 7, channels), np.uint16)
    data = cv2.imencode(".png", bgr)[1].tobytes()
    np.testing.assert_array_equal(load_image(data), bgr[..., 2::-1] >> 8)


def test_16_bit_tiff_is_scaled_to_8_bit():
    bgr = np.random.default_rng(1).integers(0, 2**16, (5, 7, 3), np.uint16)
    data = cv2.imencode(".tiff", bgr)[1].tobytes()
    np.testing.assert_allclose(load_image(data).astype(int), bgr[..., ::-1] >> 8, atol=1)


def test_big_endian_16_bit_tiff_is_scaled_to_8_bit():
    values = np.array([[0, 0x12FF, 0xFFFF]], np.uint16)
    image = Image.frombytes("I;16B", (3, 1), values.astype(">u2").tobytes())
    data = _encode(image, "TIFF")
    assert data.startswith(b"MM")
    np.testing.assert_allclose(load_image(data)[0, :, 0], [0, 0x12, 0xFF], atol=1)


@pytest.mark.parametrize(("bits", "shift"), [(6, 0), (8, 0), (10, 2), (12, 4), (15, 7)])
@pytest.mark.parametrize("ending", [".png", ".tiff"])
def test_16_bit_file_of_fewer_bits_is_scaled_by_those(ending, bits, shift):
    """As sensors of 10 or 12 bits and depth cameras write them."""
    values = np.random.default_rng(1).integers(0, 2**bits, (5, 7), np.uint16)
    values[0, 0] = 2**bits - 1
    data = cv2.imencode(ending, values)[1].tobytes()
    expected = np.stack([values >> shift] * 3, axis=-1)
    np.testing.assert_array_equal(load_image(data), expected)
    np.testing.assert_array_equal(load_image(Image.fromarray(values)), expected)


def test_float_tiff_is_refused():
    data = _encode(Image.fromarray(np.ones((4, 5), np.float32)), "TIFF")
    with pytest.raises(InvalidImageError, match="not unsigned numbers"):
        load_image(data)


def test_cmyk_jpeg_has_the_colors_that_pillow_shows():
    data = _encode(Image.fromarray(QUADRANTS).convert("CMYK"), "JPEG", quality=98)
    picture = load_image(data)
    expected = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_allclose(picture.astype(int), expected, atol=2)
    assert _corners(picture) == "RGBY"


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_tiff_has_its_pixels(compression):
    np.testing.assert_array_equal(
        load_image(_encode(NOISE, "TIFF", compression=compression)), NOISE
    )


@pytest.mark.parametrize(
    "file_format",
    [
        "PNG",
        "TIFF",
        pytest.param("GIF", marks=needs_gif),
        pytest.param(
            "WEBP",
            marks=pytest.mark.skipif(
                not OPENCV_DECODES_ANIMATED_WEBP, reason="this OpenCV decodes no animated WebP"
            ),
        ),
    ],
)
def test_first_frame_is_taken(file_format):
    other = Image.fromarray(QUADRANTS[::-1, ::-1].copy())
    picture = load_image(_encode(QUADRANTS, file_format, save_all=True, append_images=[other]))
    assert picture.shape == QUADRANTS.shape
    assert _corners(picture) == "RGBY"


@needs_gif
def test_gif_with_a_background_outside_its_palette_loads():
    data = bytearray(_encode(Image.fromarray(QUADRANTS).quantize(4), "GIF"))
    data[11] = 255
    assert _corners(load_image(data)) == "RGBY"


@pytest.mark.skipif(OPENCV_DECODES_GIF, reason="this OpenCV decodes GIF")
def test_format_that_this_opencv_lacks_is_refused_naming_its_version():
    with pytest.raises(InvalidImageError, match=f"OpenCV {cv2.__version__} cannot decode this GIF"):
        load_image(_encode(QUADRANTS, "GIF"))


@pytest.mark.parametrize("file_format", ["JPEG", *LOSSLESS])
def test_bytes_after_the_picture_are_ignored(file_format):
    data = _encode(QUADRANTS, file_format)
    np.testing.assert_array_equal(load_image(data + b"\xff\xd8 more \0"), load_image(data))


# Orientation. The stored picture is R G / B Y; the letters are the corners of the upright one.

UPRIGHT_CORNERS = {
    1: "RGBY",
    2: "GRYB",  # mirrored left to right
    3: "YBGR",  # turned by half
    4: "BYRG",  # mirrored top to bottom
    5: "RBGY",  # mirrored about the diagonal
    6: "BRYG",  # to be turned clockwise
    7: "YGBR",  # mirrored about the other diagonal
    8: "GYRB",  # to be turned counter-clockwise
}


# What phones write

needs_avif = pytest.mark.skipif(
    not cv2.haveImageWriter("a.avif") or not features.check("avif"),
    reason="this OpenCV or this pillow has no AVIF",
)


@needs_avif
@pytest.mark.parametrize("orientation", UPRIGHT_CORNERS)
def test_avif_is_turned_upright(orientation):
    data = _encode(Image.fromarray(QUADRANTS), "AVIF", exif=_exif(orientation), quality=90)
    header = read_image_header(data)
    assert (header.file_format, header.width, header.height) == ("AVIF", 48, 32)
    assert header.orientation == orientation
    assert _corners(load_image(data)) == UPRIGHT_CORNERS[orientation]


@needs_avif
def test_avif_cut_anywhere_is_refused():
    data = _encode(Image.fromarray(QUADRANTS), "AVIF", quality=90)
    for length in range(0, len(data), 7):
        with pytest.raises(InvalidImageError):
            load_image(data[:length])


@pytest.mark.parametrize("orientation", [1, 6])
def test_heic_is_read_where_pillow_heif_is_installed(orientation):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    image = Image.fromarray(QUADRANTS)
    pillow_heif.from_pillow(image).save(file, quality=95, exif=_exif(orientation).tobytes())
    header = read_image_header(file.getvalue())
    assert header.file_format == "HEIC"
    assert _corners(load_image(file.getvalue())) == UPRIGHT_CORNERS[orientation]


@needs_avif
def test_heic_without_pillow_heif_names_it(monkeypatch):
    """By its name; the two formats differ in what is compressed."""
    data = _encode(Image.fromarray(QUADRANTS), "AVIF").replace(b"ftypavif", b"ftypheic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InvalidImageError, match="pip install pillow-heif"):
        load_image(data)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", UPRIGHT_CORNERS)
def test_exif_orientation_is_applied(file_format, orientation):
    data = _encode(QUADRANTS, file_format, exif=_exif(orientation))
    pictures = [load_image(data), load_image(Image.open(io.BytesIO(data)))]
    for picture in pictures:
        _assert_is_own_rgb(picture)
        assert picture.shape == ((32, 48, 3) if orientation < 5 else (48, 32, 3))
        assert _corners(picture) == UPRIGHT_CORNERS[orientation]


@pytest.mark.parametrize("orientation", UPRIGHT_CORNERS)
def test_orientation_of_16_bit_and_transparent_tiff_is_applied(orientation):
    grey = np.array([[0, 100], [150, 255]], np.uint8).repeat(6, axis=0).repeat(8, axis=1)
    upright = load_image(_encode(grey, "PNG", exif=_exif(orientation)))
    data = _encode(grey.astype(np.uint16) * 257, "TIFF", exif=_exif(orientation))
    np.testing.assert_array_equal(load_image(data), upright)
    image = Image.fromarray(QUADRANTS).convert("RGBA")
    image.putalpha(90)
    picture = load_image(_encode(image, "TIFF", exif=_exif(orientation)))
    assert _corners(picture) == UPRIGHT_CORNERS[orientation]


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientation_that_does_not_exist_is_ignored(orientation):
    data = _encode(QUADRANTS, "JPEG", exif=_exif(orientation))
    assert _corners(load_image(data)) == "RGBY"


def test_pil_image_turned_by_the_caller_is_not_turned_again():
    image = Image.open(io.BytesIO(_encode(QUADRANTS, "PNG", exif=_exif(6))))
    upright = image.transpose(Image.Transpose.ROTATE_270)
    upright.getexif()[0x0112] = 1
    assert _corners(load_image(upright)) == UPRIGHT_CORNERS[6]


# PIL images


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_pil_modes_become_rgb(mode):
    if mode == "PA":
        image = Image.fromarray(QUADRANTS).quantize(4).convert("PA")
    else:
        image = Image.fromarray(QUADRANTS).convert(mode)
    picture = load_image(image)
    _assert_is_own_rgb(picture, np.asarray(image) if mode == "RGB" else None)
    np.testing.assert_array_equal(picture, np.array(image.convert("RGB")))
    if mode in {"P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}:
        assert _corners(picture) == "RGBY"


def test_transparent_pil_palette_keeps_its_colors():
    image = Image.fromarray(QUADRANTS).quantize(4)
    image = Image.open(io.BytesIO(_encode(image, "PNG", transparency=bytes([0, 50, 100, 150]))))
    assert image.mode == "P"
    assert _corners(load_image(image)) == "RGBY"


@pytest.mark.parametrize(("mode", "dtype"), [("I;16", "<u2"), ("I;16B", ">u2")])
def test_16_bit_pil_image_keeps_the_high_byte(mode, dtype):
    values = np.array([[0x00FF, 0x1234, 0xFFFF]], np.uint16)
    image = Image.frombytes(mode, (3, 1), values.astype(dtype).tobytes())
    np.testing.assert_array_equal(load_image(image)[0], [[0] * 3, [0x12] * 3, [0xFF] * 3])


@pytest.mark.parametrize(("mode", "value"), [("F", 0.5), ("I", 65536), ("I", -1)])
def test_pil_modes_without_a_range_are_refused(mode, value):
    with pytest.raises(
        InvalidImageError,
        match=rf"^PIL image of mode '{mode}' has values from {value} to {value}, .*0..2",
    ):
        load_image(Image.new(mode, (4, 3), value))


def test_pil_mode_i_with_16_bits_is_scaled():
    values = np.array([[0, 0x1234, 0xFFFF]], np.int32)
    np.testing.assert_array_equal(load_image(Image.fromarray(values))[0, :, 0], [0, 0x12, 0xFF])


def test_pil_image_without_pixels_is_refused():
    with pytest.raises(InvalidImageError, match="no pixels"):
        load_image(Image.new("RGB", (0, 3)))


def test_cut_or_closed_pil_image_is_refused(png_path):
    for file_format in ("JPEG", "PNG"):
        data = _encode(_quadrants(320, 480), file_format, **{"quality": 98})
        with pytest.raises(InvalidImageError, match="PIL image cannot be read") as caught:
            load_image(Image.open(io.BytesIO(data[: len(data) // 2])))
        assert caught.value.__cause__ is not None
    image = Image.open(png_path)
    image.close()
    with pytest.raises(InvalidImageError, match="PIL image cannot be read"):
        load_image(image)


def test_damaged_avif_of_pil_is_refused():
    data = bytearray(_encode(_quadrants(320, 480), "AVIF"))
    data[-40:] = bytes(value ^ 0x5A for value in data[-40:])
    with pytest.raises(InvalidImageError, match="PIL image cannot be read"):
        load_image(Image.open(io.BytesIO(data)))


def test_loading_without_pil_does_not_import_it(png_path):
    code = (
        "import sys; from asmnet_sdk.images.loading import load_image; load_image(sys.argv[1]); "
        "assert not any(name.split('.')[0] == 'PIL' for name in sys.modules)"
    )
    root = Path(asmnet_sdk.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code, str(png_path)], cwd=root, check=True)


# Size, damage, cut files


def _with_size_4_gigapixels(file_format):
    data = bytearray(_encode(QUADRANTS, file_format))
    if file_format == "PNG":
        data[16:24] = struct.pack(">II", 65535, 65535)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif file_format == "JPEG":
        frame = data.index(b"\xff\xc0")
        data[frame + 5 : frame + 9] = struct.pack(">HH", 65535, 65535)
    elif file_format == "GIF":
        data[6:10] = struct.pack("<HH", 65535, 65535)
    else:
        for tag in (256, 257):
            entry = data.index(struct.pack("<HHI", tag, 4, 1))
            data[entry + 8 : entry + 12] = struct.pack("<I", 65535)
    return bytes(data)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "TIFF"])
def test_decompression_bomb_is_refused_by_its_header(file_format):
    assert MAX_IMAGE_PIXELS == 2**27
    with pytest.raises(InvalidImageError, match=f"65535 x 65535 is more than {2**27} pixels"):
        load_image(_with_size_4_gigapixels(file_format))


def test_size_limit_is_inclusive(monkeypatch):
    data = _encode(NOISE, "PNG")
    monkeypatch.setattr(decoding, "MAX_IMAGE_PIXELS", 13 * 17)
    assert load_image(data).shape == load_image(Image.fromarray(NOISE)).shape == (13, 17, 3)
    monkeypatch.setattr(decoding, "MAX_IMAGE_PIXELS", 13 * 17 - 1)
    for image in (data, Image.fromarray(NOISE)):
        with pytest.raises(InvalidImageError, match="17 x 13 is more than 220 pixels"):
            load_image(image)
    assert load_image(NOISE).shape == (13, 17, 3)  # an array is in memory already


def _run_length_encoded_bmp():
    rows = b"\0\0".join(bytes([17, row % 2]) for row in range(13)) + b"\0\1"
    palette = bytes([*BLUE[::-1], 0, *YELLOW[::-1], 0])
    start = 14 + 40 + len(palette)
    file_header = struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, 17, 13, 1, 8, 1, len(rows), 0, 0, 2, 2)
    return file_header + info + palette + rows


FILES = {
    "jpeg": _encode(NOISE, "JPEG", exif=_exif(6)),
    "progressive jpeg": _encode(NOISE, "JPEG", progressive=True),
    "cmyk jpeg": _encode(Image.fromarray(NOISE).convert("CMYK"), "JPEG"),
    "png": _encode(NOISE, "PNG", exif=_exif(8)),
    "palette png": _encode(Image.fromarray(QUADRANTS).quantize(4), "PNG"),
    "lossy webp": _encode(NOISE, "WEBP", lossless=False),
    "lossless webp": _encode(NOISE, "WEBP"),
    "extended webp": _encode(NOISE, "WEBP", exif=_exif(3)),
    "bmp": _encode(NOISE, "BMP"),
    "run-length bmp": _run_length_encoded_bmp(),
    "tiff": _encode(NOISE, "TIFF", exif=_exif(5)),
    "lzw tiff": _encode(NOISE, "TIFF", compression="tiff_lzw"),
    "jpeg tiff": _encode(NOISE, "TIFF", compression="jpeg"),
    "gif": _encode(NOISE, "GIF"),
}
DECODED_FILES = [
    pytest.param(data, id=name, marks=[needs_gif] if name == "gif" else [])
    for name, data in FILES.items()
]


def test_run_length_encoded_bmp_has_its_rows():
    picture = load_image(FILES["run-length bmp"])
    assert picture.shape == (13, 17, 3)
    np.testing.assert_array_equal(picture[::-1][:2, 5], [BLUE, YELLOW])


@pytest.mark.parametrize("data", DECODED_FILES)
def test_file_cut_anywhere_is_refused_in_silence(data, capfd):
    load_image(data)
    for length in range(len(data)):
        with pytest.raises(InvalidImageError):
            load_image(data[:length])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("data", DECODED_FILES)
def test_damaged_file_raises_nothing_but_its_error(data):
    rng = np.random.default_rng(3)
    for trial in range(200):
        damaged = bytearray(data)
        reach = len(data) if trial % 2 else min(len(data), 150)
        for position in rng.integers(0, reach, rng.integers(1, 4)):
            damaged[position] = rng.integers(0, 256)
        try:
            picture = load_image(damaged)
        except InvalidImageError:
            continue
        _assert_is_own_rgb(picture)


def test_jpeg_cut_after_its_embedded_thumbnail_is_refused():
    thumbnail = _encode(QUADRANTS, "JPEG")
    segment = b"Exif\0\0II*\0\x08\0\0\0\0\0" + thumbnail
    application_data = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    photo = _encode(_quadrants(320, 480), "JPEG")
    data = photo[:2] + application_data + photo[2:]
    assert load_image(data).shape == (320, 480, 3)
    for cut in (len(application_data) + 2, len(application_data) + 300, len(data) - 1):
        with pytest.raises(InvalidImageError, match="cut short"):
            load_image(data[:cut])
