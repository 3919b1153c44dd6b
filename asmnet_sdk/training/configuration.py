"""What a training run is: one set of keys, written in TOML or as arguments."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from asmnet_sdk.errors import InvalidInputError, ModelError
from asmnet_sdk.layouts import layout_from_table
from asmnet_sdk.training.fine_tuning import with_defaults
from asmnet_sdk.training.values import parse_value, to_toml
from asmnet_sdk.whole_files import write_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "Recipe",
    "RunConfig",
    "flat_values",
    "make_config",
    "read_config",
    "write_config",
]


_AT_LEAST_0 = (
    *("negatives", "weight_decay", "average_decay", "seed", "early_epochs"),
    *("epoch_faces", "may_forget", "turned_away", "damage", "jitter", "frozen_blocks", "patience"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: Passes over the faces.
        size: Side of the crops in pixels, a multiple of 32.
        crop_scale: Crop side / longer side of the face box.
        batch_size: Faces in a batch.
        negatives: Crops without a face added to each batch; 0 for a network without face score.
        learning_rate: Peak of the one-cycle schedule.
        weight_decay: AdamW's decoupled weight decay.
        average_decay: Decay of the exponential moving average of the weights.
        seed: Seed of weights, order and augmentation.
        early_epochs: How many of the epochs, the first ones, train on smaller crops, which takes
            less time (progressive resizing).
        early_size: Side of the crops in those epochs, if that is less than ``size``.
        epoch_faces: How many faces an epoch shows, drawn by their weights; 0: each face once.
        turned_away: Share of the negatives that are faces on their side or head, in [0, 1].
        damage: How often crops are covered, cut off, lit from a side, blurred, coarsened, noisy or
            compressed, as a share of the usual rates; 0: never.
        jitter: How far crops are turned, shifted and scaled away from upright and the true box,
            as a share of the usual, which a careless detector is off.
        patience: How many validations without a lower error end a run early, whose best weights
            are kept then; 0: it goes on to its last epoch.
        blend: Whether a run that starts from a model ends with the weights on the line from there
            to the trained ones that err least on the validation faces.
        may_forget: By which share the error on the replayed faces that validate may rise by then.
        frozen_norms: Whether batch norms keep their means and variances, so that a few odd faces do
            not shift those that were learned from many.
        frozen_blocks: How many of the trunk's first blocks, the stem before them included, keep
            their weights; 0: all are trained.

    Raises:
        InvalidInputError: A number is out of its range.
    """

    epochs: int
    size: int = 128
    crop_scale: float = 1.35
    batch_size: int = 64
    negatives: int = 8
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    average_decay: float = 0.998
    seed: int = 0
    early_epochs: int = 0
    early_size: int = 128
    epoch_faces: int = 0
    turned_away: float = 0.4
    damage: float = 1.0
    jitter: float = 1.0
    frozen_blocks: int = 0
    frozen_norms: bool = False
    blend: bool = False
    may_forget: float = 0.03
    patience: int = 0

    def __post_init__(self) -> None:
        for name in ("size", "early_size"):
            size = getattr(self, name)
            if size < 32 or size % 32:
                raise InvalidInputError(f"{name} is {size}; needed: a multiple of 32")
        for name in ("epochs", "batch_size", "crop_scale", "learning_rate"):
            if getattr(self, name) <= 0:
                raise InvalidInputError(f"{name} is {getattr(self, name)}; needed: more than 0")
        for name in _AT_LEAST_0:
            if getattr(self, name) < 0:
                raise InvalidInputError(f"{name} is {getattr(self, name)}; needed: 0 or more")
        if self.average_decay >= 1:
            raise InvalidInputError(f"average_decay is {self.average_decay}; needed: below 1")

    def size_in(self, epoch: int) -> int:
        """Return the side of the crops in an epoch, which counts from 0."""
        return min(self.early_size, self.size) if epoch < self.early_epochs else self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """What is trained, on which photos, and where the results go.

    Paths count from the working directory. Photos are given as ``read_annotations`` takes them:
    folders in the layout of 300-W, WFLW list files, COCO keypoint files.

    Attributes:
        out: The run folder.
        photos: Annotated photos.
        recipe: How the network is trained.
        validation: Photos that only validate; without any, 5 % of ``photos``, chosen by a hash of
            their names.
        extra: Photos that only train, such as pseudo-labelled ones.
        replay: Photos like those that ``start_from`` learned from, shown so that it stays good
            on them; at most 600 of them, chosen at random. 5 % by a hash of their names, at most
            120, only validate.
        replay_share: Their share of what an epoch shows, in [0, 1).
        packed: Files of packed faces (``FaceSamples.save``) that only train.
        packed_shares: How often each packed file's faces are shown, relative to a face of
            ``photos``; one number a file, by default 1.
        validation_packed: Files of packed faces that only validate, reported by their names.
        faceless: Folders of pictures without a face, such as a model took for faces: the square in
            the middle of each joins what teaches the face score.
        trust_proposals: Whether labels that a model proposed count like those of a person, because
            a program put them right that keeps no record of it. Else faces of ``photos`` and
            ``validation`` of which nobody moved or confirmed a point are left out.
        repeat: How often an epoch shows each annotated face, beside one time each extra face.
        network: A key of ``NETWORKS``.
        objective: A key of ``OBJECTIVES``.
        layout: Name of the landmark layout of all the photos.
        layout_table: What declares it, where it is none of the package's; in a TOML file ``layout``
            is then this table.
        start_from: A model to start from (name of the registry, model file, Hub repository), which
            also sets the defaults of fine-tuning; or ``weights.pt`` of an earlier run. Layers that
            differ in shape start anew.
        start_poses: Whether faces without a head pose learn the one that ``start_from`` sees, so
            that it is not forgotten; to be switched off where the start knows no faces.
        device: Where the network learns: "cpu", "cuda", "cuda:1", ...; "auto" takes the first
            graphics card that torch can use, else the processor.
        workers: Processes that prepare batches beside it, each with a processor core of its own;
            0: one thread does.
        threads: Threads of torch.
    """

    out: Path
    photos: tuple[Path, ...]
    recipe: Recipe
    validation: tuple[Path, ...] = ()
    extra: tuple[Path, ...] = ()
    replay: tuple[Path, ...] = ()
    replay_share: float = 0.5
    packed: tuple[Path, ...] = ()
    packed_shares: tuple[float, ...] = ()
    validation_packed: tuple[Path, ...] = ()
    faceless: tuple[Path, ...] = ()
    trust_proposals: bool = False
    repeat: int = 1
    network: str = "asmnet"
    objective: str = "wing"
    layout: str = "IBUG_68"
    layout_table: Mapping[str, Any] | None = None
    start_from: Path | None = None
    start_poses: bool = True
    device: str = "auto"
    workers: int = 0
    threads: int = 2

    def __post_init__(self) -> None:
        if self.packed_shares and len(self.packed_shares) != len(self.packed):
            raise InvalidInputError(
                f"{len(self.packed_shares)} packed_shares for {len(self.packed)} packed files"
            )
        for name in ("repeat", "threads"):
            if getattr(self, name) < 1:
                raise InvalidInputError(f"{name} is {getattr(self, name)}; needed: 1 or more")
        if self.workers < 0:
            raise InvalidInputError(f"workers is {self.workers}; needed: 0 or more")
        if not 0 <= self.replay_share < 1:
            raise InvalidInputError(f"replay_share is {self.replay_share}; needed: 0 to below 1")


def make_config(values: Mapping[str, object]) -> RunConfig:
    """Make a run of its keys: the attributes of ``RunConfig`` and ``Recipe`` in one flat table.

    Raises:
        InvalidInputError: A key is unknown or missing, or its value cannot be used.
    """
    values = _with_layout(with_defaults(values))
    run_fields = [field for field in fields(RunConfig) if field.name != "recipe"]
    known = [field.name for field in (*run_fields, *fields(Recipe))]
    unknown = values.keys() - set(known)
    if unknown:
        raise InvalidInputError(
            f"unknown key {', '.join(sorted(unknown))}; there are {', '.join(known)}"
        )
    recipe = Recipe(**_values_of(fields(Recipe), values))
    return RunConfig(recipe=recipe, **_values_of(run_fields, values))


def _with_layout(values: dict[str, object]) -> dict[str, object]:
    """Return the keys with a layout's table apart from its name."""
    table = values.get("layout", values.get("layout_table"))
    if not isinstance(table, Mapping):
        return values
    return values | {"layout": layout_from_table(table).name, "layout_table": table}


def read_config(path: Path) -> RunConfig:
    """Read a run from a TOML file.

    Raises:
        InvalidInputError: The file cannot be read or does not describe a run; the message names
            the file and the key.
    """
    try:
        return make_config(tomllib.loads(path.read_text(encoding="utf-8")))
    except (InvalidInputError, ModelError) as exc:
        raise InvalidInputError(f"{path}: {exc}") from exc
    # ValueError: what is no TOML or no text, and numbers of thousands of digits.
    except (OSError, ValueError, RecursionError) as exc:
        raise InvalidInputError(f"{path} cannot be read as TOML: {exc}") from exc


def write_config(config: RunConfig, path: Path) -> None:
    """Write a run as a TOML file that ``read_config`` reads."""
    values = {name: value for name, value in flat_values(config).items() if value is not None}
    lines = [f"{name} = {to_toml(value)}\n" for name, value in values.items()]
    write_text(path, lines)


def flat_values(config: RunConfig) -> dict[str, object]:
    """Return the keys of a run and their values: the inverse of ``make_config``."""
    values = asdict(config)
    recipe: dict[str, object] = values.pop("recipe")
    return values | recipe


def _values_of(chosen: Sequence[Field[Any]], values: Mapping[str, object]) -> dict[str, Any]:
    found = {field.name: field for field in chosen if field.name in values}
    missing = [f.name for f in chosen if f.default is MISSING and f.name not in found]
    if missing:
        raise InvalidInputError(f"missing key {', '.join(missing)}")
    return {name: parse_value(field, values[name]) for name, field in found.items()}
