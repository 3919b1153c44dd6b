from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk import InvalidInputError
from asmnet_sdk.training.__main__ import parse_arguments
from asmnet_sdk.training.configuration import (
    Recipe,
    RunConfig,
    make_config,
    read_config,
    write_config,
)
from tests.conftest import EXAMPLES

MINIMAL = {"out": "runs/a", "photos": ["300w/train"], "epochs": 3}


def test_keys_left_out_have_the_defaults():
    assert make_config(MINIMAL) == RunConfig(
        out=Path("runs/a"), photos=(Path("300w/train"),), recipe=Recipe(epochs=3)
    )


def test_written_configuration_reads_back(tmp_path):
    config = RunConfig(
        out=tmp_path / 'odd "name" ü',
        photos=(Path("a"), Path("b.json")),
        extra=(Path("c"),),
        network="asmnet-paper",
        objective="asm",
        start_from=Path("weights.pt"),
        recipe=Recipe(epochs=7, learning_rate=1e-5, size=224, negatives=0),
    )
    write_config(config, tmp_path / "run.toml")
    assert read_config(tmp_path / "run.toml") == config


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("out = ", r"run\.toml cannot be read as TOML"),
        ('out = "a"\nepochs = 3', r"run\.toml: missing key photos"),
        ('out = "a"\nphotos = ["p"]', r"missing key epochs"),
        ('out = "a"\nphotos = ["p"]\nepochs = 3\nepoch = 4', "unknown key epoch; there are out, p"),
        ('out = "a"\nphotos = "p"\nepochs = 3', "photos is 'p'; needed: a list of paths"),
        ('out = "a"\nphotos = ["p"]\nepochs = 2.5', "epochs is 2.5; needed: a whole number"),
        ('out = "a"\nphotos = ["p"]\nepochs = true', "epochs is True; needed: a whole number"),
        ('out = "a"\nphotos = ["p"]\nepochs = 0', "epochs is 0; needed: more than 0"),
        ('out = "a"\nphotos = ["p"]\nepochs = 3\nsize = 100', "size is 100; needed: a multiple of"),
        ('out = "a"\nphotos = ["p"]\nepochs = 3\nnetwork = 1', "network is 1; needed: a text"),
        ('out = ""\nphotos = ["p"]\nepochs = 3', "out is ''; needed: a path"),
    ],
)
def test_bad_configuration_names_file_and_key(tmp_path, text, reason):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=reason):
        read_config(path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("threads = 0", "threads is 0; needed: 1 or more"),
        ("workers = -1", "workers is -1; needed: 0 or more"),
        ("jitter = -0.5", "jitter is -0.5; needed: 0 or more"),
        ("repeat = -2", "repeat is -2; needed: 1 or more"),
        ("average_decay = 5", "average_decay is 5.0; needed: below 1"),
    ],
)
def test_numbers_that_ended_in_tracebacks_are_refused(tmp_path, line, reason):
    path = tmp_path / "run.toml"
    path.write_text(f'out = "out"\nphotos = ["photos"]\nepochs = 3\n{line}\n')
    with pytest.raises(InvalidInputError, match=reason):
        read_config(path)


def test_missing_configuration_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"none\.toml cannot be read"):
        read_config(tmp_path / "none.toml")


def test_example_configuration_can_be_read():
    config = read_config(EXAMPLES / "paper.toml")
    assert (config.network, config.objective) == ("asmnet-paper", "asm")
    assert (config.recipe.size, config.recipe.negatives) == (224, 0)


def test_arguments_are_the_same_keys():
    words = "runs/a one two --epochs 3 --extra three --repeat 2 --size 160 --learning-rate 2e-3"
    words += " --start-from raw.pt --network asmnet-paper --objective asm --negatives 0 --seed 1"
    assert parse_arguments(words.split()) == RunConfig(
        out=Path("runs/a"),
        photos=(Path("one"), Path("two")),
        extra=(Path("three"),),
        repeat=2,
        start_from=Path("raw.pt"),
        network="asmnet-paper",
        objective="asm",
        recipe=Recipe(epochs=3, size=160, learning_rate=2e-3, negatives=0, seed=1),
    )


def test_a_layout_of_ones_own_is_a_table_of_the_configuration(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(
        'out = "a"\nphotos = ["p"]\nepochs = 3\n[layout]\nname = "EARS"\n'
        'points = ["right", "left", "top"]\nnormalise_by = ["right", "left"]\n'
        'mirror = [["right", "left"]]\n[layout.contours]\near = ["right", "top"]\n'
    )
    config = read_config(path)
    assert config.layout == "EARS"
    assert config.layout_table["points"] == ["right", "left", "top"]
    write_config(config, tmp_path / "again.toml")
    assert read_config(tmp_path / "again.toml") == config
    path.write_text('out = "a"\nphotos = ["p"]\nepochs = 3\nlayout = {name = "EARS"}\n')
    with pytest.raises(InvalidInputError, match=r"run\.toml: layout: points is 'None'"):
        read_config(path)
