"""Head pose and landmarks of all faces in a folder of photos, as CSV, in batches.

Usage: python folder_to_csv.py FOLDER OUT.csv
"""

import sys
from pathlib import Path

from asmnet_sdk import FaceAligner, faces_to_csv

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
aligner = FaceAligner()
photos = sorted(folder.glob("*.jpg"))
faces = {}
for start in range(0, len(photos), 32):
    batch = photos[start : start + 32]
    found = aligner.predict_batch(batch)  # the detector finds the faces
    faces.update({photo.name: result for photo, result in zip(batch, found, strict=True)})
out.write_text(faces_to_csv(faces), encoding="utf-8")
print(f"{sum(map(len, faces.values()))} faces of {len(photos)} photos in {out}")
