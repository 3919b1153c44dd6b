import dataclasses
import re

import pytest

from asmnet_sdk import FaceAligner
from asmnet_sdk.errors import InvalidInputError, UnknownModelError
from asmnet_sdk.hub.registry import (
    DEFAULT_DETECTOR,
    DEFAULT_MODEL,
    available_models,
    find_model,
    find_variant,
)
from asmnet_sdk.hub.resolving import resolve_model


def test_available_models_gives_the_default_aligner_and_the_detector():
    kinds = {spec.name: spec.kind for spec in available_models()}
    assert kinds[DEFAULT_MODEL] == "aligner"
    assert kinds[DEFAULT_DETECTOR] == "detector"


def test_model_names_are_unique():
    names = [spec.name for spec in available_models()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("spec", available_models(), ids=lambda spec: spec.name)
def test_spec_is_complete(spec):
    assert re.fullmatch(r"[0-9a-f]{64}", spec.sha256)
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", spec.repository)
    assert spec.filename.endswith(".onnx")
    assert "/" not in spec.name
    assert spec.licence
    assert spec.summary
    assert "\n" not in spec.summary


def test_spec_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        available_models()[0].sha256 = "0" * 64


def test_find_model_returns_the_entry_of_that_name():
    for spec in available_models():
        assert find_model(spec.name) is spec


def test_find_model_lists_the_names_and_suggests_the_closest():
    with pytest.raises(UnknownModelError, match="Did you mean 'asmnet-68'") as caught:
        find_model("asmnet68")
    for spec in available_models():
        assert spec.name in str(caught.value)


def test_find_model_suggests_nothing_for_a_name_like_no_other():
    with pytest.raises(UnknownModelError, match="unknown model 'q'") as caught:
        find_model("q")
    assert "Did you mean" not in str(caught.value)


def test_long_names_are_not_repeated():
    with pytest.raises(UnknownModelError) as caught:
        resolve_model("data:" + "x" * 5000)
    assert "x" * 201 not in str(caught.value)


def test_a_variant_is_another_form_of_its_model():
    assert find_variant("asmnet-68", "int8") == "asmnet-68-int8"
    assert find_variant("asmnet-68", None) is None
    assert FaceAligner("asmnet-68", variant="int8", device="cpu").model.name == "asmnet-68-int8"
    with pytest.raises(InvalidInputError, match="'asmnet-68' has no variant 'paper'; it has int8"):
        find_variant("asmnet-68", "paper")
    with pytest.raises(InvalidInputError, match="it has none"):
        FaceAligner("asmnet-98", variant="int8")
