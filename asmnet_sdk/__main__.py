"""``python -m asmnet_sdk``: the command ``asmnet``."""

import sys

from asmnet_sdk.cli import main

if __name__ == "__main__":
    sys.exit(main())
