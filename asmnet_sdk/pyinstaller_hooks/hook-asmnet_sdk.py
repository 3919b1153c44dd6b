"""What of the package PyInstaller cannot see: weights, and modules that are loaded when used."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

datas = collect_data_files("asmnet_sdk")
hiddenimports = collect_submodules(
    "asmnet_sdk",
    filter=lambda name: not name.startswith(("asmnet_sdk.training", "asmnet_sdk.pyinstaller")),
)
# What only training needs: gigabytes where it happens to be installed.
excludedimports = ["torch", "onnx", "onnxscript", "ai_edge_litert"]
