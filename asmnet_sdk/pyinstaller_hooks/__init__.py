"""How PyInstaller packs this package: it finds this folder by the entry point pyinstaller40."""

from pathlib import Path

__all__ = ["hook_folders"]


def hook_folders() -> list[str]:
    """Return the folders with hooks, for PyInstaller."""
    return [str(Path(__file__).parent)]
