from __future__ import annotations

from asmnet_sdk.cli.terminal import print_table


def test_table_aligns_wide_letters(capsys):
    print_table(
        ("name", "faces"), [("写真.jpg", "12"), ("e\u0301te\u0301.jpg", "3"), ("b.jpg", "nan")]
    )
    assert capsys.readouterr().out.splitlines() == [
        "name      faces",
        "写真.jpg     12",
        "e\u0301te\u0301.jpg       3",
        "b.jpg       nan",
    ]
