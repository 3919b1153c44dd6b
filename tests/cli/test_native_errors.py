"""What is written to the file number 2 is taken; what Python writes to ``sys.stderr`` is not."""

from __future__ import annotations

import os
import subprocess
import sys

from asmnet_sdk.cli.native_errors import NativeErrors

PROGRAM = """
import os, sys
from asmnet_sdk.cli.native_errors import NativeErrors
errors = NativeErrors()
os.write(2, b"from C")
print("from Python", file=sys.stderr)
first, second = errors.take(), errors.take()
os.write(2, b"again")
third = errors.take()
errors.close()
os.write(2, b"outside")
print(first, second, third, sep="|", end="")
"""


def run(*redirection: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM]
    if redirection:
        command = ["sh", "-c", f'"$@" {" ".join(redirection)}', "sh", *command]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_writes_of_libraries_are_taken_and_those_of_python_pass():
    result = run()
    assert (result.stdout, result.stderr) == ("from C||again", "from Python\noutside")


def test_captured_standard_error_of_python_stays(capsys):
    errors = NativeErrors()
    os.write(2, b"from C")
    print("from Python", file=sys.stderr)
    assert errors.take() == "from C"
    errors.close()
    assert capsys.readouterr().err == "from Python\n"
