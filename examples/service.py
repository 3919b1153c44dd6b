"""A web service with one shared aligner.

Usage: pip install fastapi uvicorn python-multipart; uvicorn service:app
       curl -F photo=@astronaut.jpg -F box=179,87,272,179 http://127.0.0.1:8000/faces
"""

from typing import Annotated

from fastapi import FastAPI, File, Form, HTTPException

from asmnet_sdk import FaceAligner, InvalidInputError

app = FastAPI()
aligner = FaceAligner(threads=1)


@app.post("/faces")
async def faces(
    photo: Annotated[bytes, File()], box: Annotated[str | None, Form()] = None
) -> list[dict[str, object]]:
    """Return the faces of an uploaded photo, or the one in a box "x_min,y_min,x_max,y_max"."""
    try:
        numbers = None if box is None else [float(number) for number in box.split(",")]
        found = await aligner.predict_async(photo, numbers)
    except (InvalidInputError, ValueError) as error:
        raise HTTPException(status_code=400, detail=str(error)) from error
    return [face.to_dict() for face in found]
