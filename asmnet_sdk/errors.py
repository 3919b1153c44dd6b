"""The errors that this package raises; each also inherits the fitting builtin."""

from pathlib import PurePath

__all__ = [
    "AsmnetError",
    "DeviceUnavailableError",
    "InvalidBoundingBoxError",
    "InvalidImageError",
    "InvalidInputError",
    "MissingExtraError",
    "ModelDownloadError",
    "ModelError",
    "ModelFileError",
    "UnknownModelError",
    "in_brief",
    "missing_extra",
]

_LONGEST_VALUE = 200


class AsmnetError(Exception):
    """Base of every error of this package."""


class ModelError(AsmnetError):
    """A model cannot be found, fetched, read or run."""


class UnknownModelError(ModelError, ValueError):
    """No model has this name; the message lists the names there are."""


class ModelDownloadError(ModelError, OSError):
    """A model file could not be fetched; the message names the offline way."""


class ModelFileError(ModelError, OSError):
    """A model file is broken: wrong hash, no ONNX, or outside the model contract."""


class DeviceUnavailableError(ModelError, RuntimeError):
    """The device asked for cannot be had; the message says what there is."""


class InvalidInputError(AsmnetError, ValueError):
    """What the caller gave cannot be used; the message says what came and what is needed."""


class InvalidImageError(InvalidInputError):
    """The image is unreadable, truncated, too large or of the wrong type."""


class InvalidBoundingBoxError(InvalidInputError):
    """A bounding box is not finite, empty, inverted or outside the image."""


class MissingExtraError(AsmnetError, ImportError):
    """A package of an optional extra is not installed; the message says how to get it."""


def missing_extra(purpose: str, extra: str, package: str) -> MissingExtraError:
    """Return the error that says what needs which package, and how to get it."""
    return MissingExtraError(
        f"{purpose} needs the package {package}: pip install 'asmnet-sdk[{extra}]'"
    )


def in_brief(value: object) -> str:
    """Return how a caller's text or value reads in an error: cut where it is long.

    Texts and paths are given as they are, but for characters that would act on a terminal or break
    the line: those are escaped. Other values are given as ``repr`` writes them.
    """
    text = str(value) if isinstance(value, (str, PurePath)) else repr(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    if len(text) <= _LONGEST_VALUE:
        return text
    return f"{text[: _LONGEST_VALUE // 2]}... ({len(text)} characters)"
