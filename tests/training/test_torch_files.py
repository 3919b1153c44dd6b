from __future__ import annotations

from pickle import UnpicklingError

import pytest

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

from asmnet_sdk.training.torch_files import save_state, why_unread


def test_state_is_saved_whole(tmp_path):
    save_state({"epoch": 3}, tmp_path / "state.pt")
    assert torch.load(tmp_path / "state.pt", weights_only=True) == {"epoch": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_why_a_file_is_unread_is_one_line_without_bad_advice(tmp_path):
    (tmp_path / "text.pt").write_bytes(b"garbage")
    with pytest.raises(UnpicklingError) as caught:
        torch.load(tmp_path / "text.pt", weights_only=True)
    assert why_unread(caught.value) == "torch cannot read it"
    assert why_unread(RuntimeError("first\nsecond")) == "first"
