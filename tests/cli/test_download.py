from __future__ import annotations

import pytest


def test_download_needs_a_name(run, capsys):
    with pytest.raises(SystemExit, match="2"):
        run("download")
    assert "name a model" in capsys.readouterr().err


def test_download_of_an_unknown_model_lists_the_models(run):
    code, _, err = run("download", "asmnet-67")
    assert code == 1
    assert "asmnet-68" in err


def test_download_goes_on_after_a_name_that_a_revision_does_not_fit(run):
    code, _, err = run("download", "asmnet-68", "asmnet-detector", "--revision", "v1")
    assert code == 1
    assert [err.count(repr(name)) for name in ("asmnet-68", "asmnet-detector")] == [1, 1]
