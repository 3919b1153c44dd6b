"""Damage bytes, texts and JSON values; the same ``Random`` damages them the same way."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from random import Random
from typing import Any

# Numbers at the limits of integer types, of the largest image (11585 squared), and of sense.
WHOLE_NUMBERS = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 4096, 8191, 11585, 11586, 16383, 32767)
WHOLE_NUMBERS += (32768, 65535, 65536, 2**24, 2**27, 2**30, 2**31 - 1, 2**31, 2**32 - 1)
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 1e-9, 63.999, 64.0, 1e6, -1e6, 2.0**31, -(2.0**31))
NUMBERS += (2.0**53, 1e30, -1e30, 1e38, 4e38, 1e308, -1e308, 5e-324)
NOT_FINITE = (float("nan"), float("inf"), float("-inf"))
TEXTS = ("", "a", "0", "nan", "inf", "1e999", "../..", "/dev/null", "\0", "é" * 300, "\ud800", "{")
_PNG = b"\x89PNG\r\n\x1a\n"
_ENDS_OF_LINES = ("\n", "\r\n", "\r", "\x0b", "\u2028", "")


def mutate_bytes(random: Random, data: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Change, insert, remove, repeat or cut a few bytes of ``data``, or splice in another file."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        random.choice(_BYTE_CHANGES)(random, changed)
    if others and random.random() < 0.05:
        other = random.choice(others)
        changed[random.randrange(len(changed) + 1) :] = other[random.randrange(len(other)) :]
    return bytes(changed)


def _position(random: Random, data: bytearray) -> int:
    """Return a place, more often near the start, where headers are."""
    reach = len(data) if random.random() < 0.5 else min(len(data), 200)
    return random.randrange(max(reach, 1))


def _flip_bit(random: Random, data: bytearray) -> None:
    if data:
        data[_position(random, data)] ^= 1 << random.randrange(8)


def _write_number(random: Random, data: bytearray) -> None:
    layout = random.choice(("<B", "<H", ">H", "<I", ">I"))
    size = struct.calcsize(layout)
    position = _position(random, data)
    number = random.choice(WHOLE_NUMBERS) % (1 << 8 * size)
    data[position : position + size] = struct.pack(layout, number)


def _write_noise(random: Random, data: bytearray) -> None:
    position = _position(random, data)
    length = random.choice((1, 2, 4, 16))
    data[position : position + length] = random.randbytes(length)


def _insert(random: Random, data: bytearray) -> None:
    position = _position(random, data)
    data[position:position] = random.randbytes(random.choice((1, 2, 4, 16)))


def _remove(random: Random, data: bytearray) -> None:
    position = _position(random, data)
    del data[position : position + random.choice((1, 2, 4, 16, 64))]


def _repeat(random: Random, data: bytearray) -> None:
    start = _position(random, data)
    part = data[start : start + random.choice((1, 4, 12, 64, 300))]
    data[start:start] = part * random.choice((1, 1, 2, 50))


def _cut(random: Random, data: bytearray) -> None:
    if random.random() < 0.3:
        del data[random.randrange(len(data) + 1) :]


_BYTE_CHANGES = (
    _flip_bit, _write_number, _write_number, _write_noise, _insert, _remove, _repeat, _cut,
)  # fmt: skip


def mend_png_checksums(data: bytes) -> bytes:
    """Give each chunk of a PNG its right checksum, so that damage reaches the decoder."""
    if not data.startswith(_PNG):
        return data
    mended = bytearray(data)
    position = len(_PNG)
    while position + 12 <= len(mended):
        (length,) = struct.unpack_from(">I", mended, position)
        end = position + 8 + length
        if end + 4 > len(mended):
            break
        mended[end : end + 4] = struct.pack(">I", zlib.crc32(mended[position + 4 : end]))
        position = end + 4
    return bytes(mended)


def mutate_text(random: Random, text: str) -> bytes:
    """Damage a text by words, lines and bytes."""
    words = text.split(" ")
    for _ in range(random.choice((0, 0, 1, 1, 1, 1, 2, 5))):
        index = random.randrange(len(words))
        words[index] = random.choice((any_word(random), words[index] * 2, ""))
    lines = " ".join(words).splitlines()
    if lines and random.random() < 0.3:
        index = random.randrange(len(lines))
        lines[index : index + 1] = random.choice(([], [lines[index]] * 2, [lines[index][:9]]))
    end = random.choice(_ENDS_OF_LINES) if random.random() < 0.1 else "\n"
    data = (end.join(lines) + end).encode("utf-8", "surrogatepass")
    return mutate_bytes(random, data) if random.random() < 0.3 else data


def any_word(random: Random) -> str:
    """Return a number or text that a reader of words has to cope with."""
    kinds = (NUMBERS, NOT_FINITE, WHOLE_NUMBERS, TEXTS, (10**30, "9" * 400, "9" * 5000))
    return str(random.choice(random.choice(kinds)))


def any_value(random: Random, depth: int = 0) -> Any:
    """Return any JSON value; ``None``, numbers out of range and nested ones among them."""
    if depth < 3 and random.random() < 0.25:
        inner = [any_value(random, depth + 1) for _ in range(random.randrange(4))]
        return inner if random.random() < 0.5 else {str(i): value for i, value in enumerate(inner)}
    kinds = (NUMBERS, NOT_FINITE, WHOLE_NUMBERS, TEXTS, (None, True, False, 10**30, 10**400, -1))
    return random.choice(random.choice(kinds))


def mutate_value(random: Random, value: Any) -> Any:
    """Replace, remove or add a part of a JSON value somewhere in its depth."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        if random.random() < 0.15:
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: mutate_value(random, value[key])}
    if isinstance(value, list) and value and random.random() < 0.8:
        index = random.randrange(len(value))
        changed = [] if random.random() < 0.1 else [mutate_value(random, value[index])]
        return value[:index] + changed + value[index + 1 :]
    return any_value(random)


def mutate_json(random: Random, value: Any) -> bytes:
    """Return the text of a JSON value, changed within, and sometimes broken as a text."""
    if random.random() < 0.02:
        depth = random.choice((10, 900, 5000, 100_000))
        return random.choice((b"[", b'{"a":')) * depth
    for _ in range(random.choice((0, 1, 1, 1, 1, 2, 4))):
        value = mutate_value(random, value)
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    data = text.encode("utf-8", "surrogatepass")
    return mutate_bytes(random, data) if random.random() < 0.2 else data
