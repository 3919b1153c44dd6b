"""Fuzz all targets, each in processes of its own, and print what came of it as a table.

``python -m tests.fuzz`` runs 200,000 cases and more; ``--target images --case 17`` runs one again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.running import run_target
from tests.fuzz.targets import CASES, TARGETS
from tests.fuzz.watching import Tally, random_of


def _row(name: str, tally: Tally) -> str:
    slowest, largest = tally.slowest, tally.largest
    return (
        f"| {name} | {tally.cases} | {tally.results} | {len(tally.findings)} "
        f"| {slowest[0]:.2f} s (case {slowest[1]}) | {largest[0] >> 20} MiB (case {largest[1]}) |"
    )


def main() -> int:
    """Run from the command line; 1 if there is a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--times", type=float, default=1.0, help="multiplies the cases")
    parser.add_argument("--case", type=int, help="run only this case of one target, here")
    options = parser.parse_args()
    if options.case is not None:
        return _run_again(options.target[0], options.seed, options.case)
    whole = Tally()
    began = time.monotonic()
    print("| target | cases | results | findings | slowest case | most memory |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in options.target or TARGETS:
        tally = run_target(name, options.seed, max(1, int(CASES[name] * options.times)))
        print(_row(name, tally), flush=True)
        for finding in tally.findings:
            print(f"{name}, {finding}", file=sys.stderr, flush=True)
        whole.add(tally)
    print(_row("all", whole))
    print(f"{(time.monotonic() - began) / 60:.0f} minutes", file=sys.stderr)
    return int(bool(whole.findings))


def _run_again(name: str, seed: int, index: int) -> int:
    """Run one case in this process, so that a debugger sees it, and raise what it raises."""
    with tempfile.TemporaryDirectory() as folder:
        TARGETS[name](Path(folder))(random_of(name, seed, index)).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
