from __future__ import annotations

import json

from asmnet_sdk.hub.registry import available_models


def test_models_lists_the_registry(run):
    code, out, _ = run("models")
    assert code == 0
    for spec in available_models():
        assert spec.name in out


def test_models_fit_a_terminal_and_are_complete_as_json(run):
    _, out, _ = run("models")
    assert max(map(len, out.splitlines())) <= 80
    titles = ["name", "layout", "NME", "%", "ms", "MB", "licence", "where"]
    assert out.splitlines()[0].split() == titles
    _, out, _ = run("models", "--json")
    records = json.loads(out)
    assert [record["name"] for record in records] == [spec.name for spec in available_models()]
    assert records[0]["layout"] == "IBUG_68"
    assert records[0]["where"] == "package"
