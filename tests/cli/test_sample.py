from __future__ import annotations

import cv2

from asmnet_sdk import FaceAligner, FaceTracker
from asmnet_sdk.cli.program import main


def test_samples_are_written_and_kept(tmp_path, capsys):
    folder = tmp_path / "new"
    assert main(["sample", str(folder)]) == 0
    assert capsys.readouterr().out == "wrote group.jpg, portrait.jpg, clip.avi\n"
    (folder / "group.jpg").write_bytes(b"mine")
    (folder / "clip.avi").unlink()
    assert main(["sample", str(folder)]) == 0
    assert capsys.readouterr().out == "wrote clip.avi; group.jpg, portrait.jpg were there\n"
    assert (folder / "group.jpg").read_bytes() == b"mine"


def test_clip_shows_one_face_that_moves_to_the_left(tmp_path, aligner: FaceAligner):
    assert main(["sample", str(tmp_path)]) == 0
    video, tracker = cv2.VideoCapture(str(tmp_path / "clip.avi")), FaceTracker(aligner)
    noses = []
    while (read := video.read())[0]:
        [face] = tracker.update(read[1])
        noses.append(face.five_points[2][0])
    assert len(noses) == 45
    assert noses[0] - noses[-1] > 30
