"""How much disk the package takes with everything it needs, beside its peers.

Usage: python benchmarks/install_size.py [--out benchmarks/results/install_size.json]

Each row is a new, empty environment: pip installs the newest versions into it, and the files are
counted, with the byte code that pip compiles. *Download* is the sum of the wheels. Where that would
be gigabytes, pip only resolves the packages (``--dry-run``): then the download is stated and the
installed size is not. The row of this package installs the wheel built from this folder. Landmark
models that a peer fetches later on are not counted.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from environments import MEDIAPIPE, OPENVINO

ROOT = Path(__file__).resolve().parent.parent
OUT = Path(__file__).with_name("results") / "install_size.json"
PEERS: dict[str, tuple[str, ...]] = {
    "onnxruntime and OpenCV alone": ("numpy", "onnxruntime", "opencv-python-headless"),
    "OpenVINO": OPENVINO,
    "mediapipe 0.10.21": MEDIAPIPE,
    "mediapipe": ("mediapipe",),
    "dlib": ("dlib",),
    "dlib-bin": ("dlib-bin",),
    "insightface": ("insightface", "onnxruntime"),
    "face-alignment": ("face-alignment",),
}
ONLY_RESOLVED = frozenset({"face-alignment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What one environment takes.

    Attributes:
        name: What was installed.
        packages: Name -> version of everything that came.
        download_megabytes: Sum of the wheels; None where one had to be compiled.
        installed_megabytes: Sum of the files; None where pip only resolved.
        remark: Why a number is missing.
    """

    name: str
    packages: dict[str, str]
    download_megabytes: float | None
    installed_megabytes: float | None
    remark: str = ""


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this repository."""
    run_pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    [wheel] = folder.glob("asmnet_sdk-*.whl")
    return wheel


def run_pip(*arguments: str) -> None:
    """Run pip.

    Raises:
        RuntimeError: It failed.
    """
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-input"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pip {' '.join(arguments)} failed:\n{done.stderr[-1500:]}")


def install(name: str, requirements: tuple[str, ...], *, only_resolve: bool) -> Installation:
    """Install into an environment made for it, and count."""
    with tempfile.TemporaryDirectory() as folder:
        home, report = Path(folder, "environment"), Path(folder, "report.json")
        venv.create(home, with_pip=False)
        python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        options = ["--python", str(python), "install", "--report", str(report)]
        if name != "dlib":
            options += ["--only-binary", ":all:"]
        is_resolved = only_resolve or name == "dlib"
        run_pip(*options, *(["--dry-run"] if is_resolved else []), *requirements)
        packages = json.loads(report.read_text("utf-8"))["install"]
        return Installation(
            name=name,
            packages={p["metadata"]["name"]: p["metadata"]["version"] for p in packages},
            download_megabytes=download_size(packages),
            installed_megabytes=None if is_resolved else folder_size(home),
            remark=remark_on(packages) or ("not installed: resolved only" if is_resolved else ""),
        )


def remark_on(packages: list[dict[str, Any]]) -> str:
    """Say which packages have no wheel."""
    sources = [p["metadata"]["name"] for p in packages if not has_wheel(p)]
    return f"no wheel of {', '.join(sources)}: pip compiles it" if sources else ""


def has_wheel(package: dict[str, Any]) -> bool:
    """Say whether pip took a wheel of a package."""
    url: str = package["download_info"]["url"]
    return url.endswith(".whl")


def download_size(packages: list[dict[str, Any]]) -> float | None:
    """Return the sum of the wheels in MB, asking the index for each size."""
    if not all(map(has_wheel, packages)):
        return None
    return round(sum(size_of(package["download_info"]["url"]) for package in packages) / 1e6, 1)


def size_of(url: str) -> int:
    """Return the size of a wheel in bytes."""
    if url.startswith("file:"):
        path = urllib.request.url2pathname(urllib.parse.urlparse(url).path)
        return Path(path).stat().st_size
    request = urllib.request.Request(url, method="HEAD")
    with urllib.request.urlopen(request, timeout=60) as response:
        return int(response.headers["Content-Length"])


def folder_size(home: Path) -> float:
    """Return the sum of the files of the packages in MB."""
    [packages] = (path for path in home.glob("[Ll]ib/**/site-packages") if path.is_dir())
    files = (path for path in packages.rglob("*") if path.is_file() and not path.is_symlink())
    return round(sum(path.stat().st_size for path in files) / 1e6, 1)


def main() -> None:
    """Install, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        wheel_megabytes = round(wheel.stat().st_size / 1e6, 2)
        rows = [install("asmnet-sdk", (str(wheel),), only_resolve=False)]
        for name, requirements in PEERS.items():
            rows.append(install(name, requirements, only_resolve=name in ONLY_RESOLVED))
    for row in rows:
        print(
            f"{row.name:30} download {row.download_megabytes} MB, "
            f"installed {row.installed_megabytes} MB {row.remark}"
        )
    print(f"wheel {wheel_megabytes} MB")
    result = {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "wheel_megabytes": wheel_megabytes,
        "rows": [asdict(row) for row in rows],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
