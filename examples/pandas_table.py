"""A table of faces as a pandas data frame.

Usage: pip install pandas; python pandas_table.py PHOTO...
"""

import io
import sys

import pandas as pd

from asmnet_sdk import FaceAligner, faces_to_csv

aligner = FaceAligner()
found = {photo: aligner.predict(photo) for photo in sys.argv[1:]}
table = pd.read_csv(io.StringIO(faces_to_csv(found)))

print(table[["image", "face", "score", "yaw", "pitch", "roll", "mouth_openness"]].round(2))
print(f"{(table.yaw.abs() < 20).sum()} of {len(table)} faces look ahead")
