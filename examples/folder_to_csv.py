"""Head pose and landmarks of a folder of face crops, as CSV, in batches.

Usage: python folder_to_csv.py FOLDER OUT.csv
"""

import sys
from pathlib import Path

from asmnet_sdk import FaceAligner, faces_to_csv, load_image

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
aligner = FaceAligner()
photos = sorted(folder.glob("*.jpg"))
faces = {}
for start in range(0, len(photos), 32):
    batch = photos[start : start + 32]
    images = [load_image(photo) for photo in batch]
    whole = [(0, 0, image.shape[1] - 1, image.shape[0] - 1) for image in images]
    found = aligner.predict_batch(images, whole, color="rgb")
    faces.update({photo.name: result for photo, result in zip(batch, found, strict=True)})
out.write_text(faces_to_csv(faces))
print(f"{len(faces)} photos in {out}")
