"""Turned views of annotated faces: the photo is laid over a face mesh, and the mesh is turned.

The mesh gives each pixel of the face a depth, two rings around it stand for skull and neck, and the
background is moved aside to where the turned head ends. Hair, ears and neck smear, light and shade
stay those of the photo: training pictures, not portraits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from asmnet_sdk.crops import crop_matrix
from asmnet_sdk.geometry import euler_to_rotation, transform_points
from asmnet_sdk.layouts import IBUG_68
from asmnet_sdk.results import BoundingBox
from lab.mesh_points import MESH_TO_IBUG, MESH_TO_WFLW, OVAL
from lab.outlines import far_jaw, slide_to_outline

__all__ = ["SourceView", "TurnedView", "read_triangles", "turn_view"]

Points = NDArray[np.float64]

_EARS = (234, 454)
# Rings outside the oval, in head frame and shares of the head's width: outwards, down, back.
_SKULL = ((0.16, 0.0, 0.28), (0.26, 0.0, 0.72))
_NECK = ((0.02, 0.10, 0.25), (0.02, 0.55, 0.40))
_HIDDEN_TOLERANCE = 0.05
_FAR_JAW_HIDDEN = 60.0  # degrees of yaw
_SMALLEST_TRIANGLE = 0.02  # square pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceView:
    """A near-frontal face, upright in a generous picture.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        landmarks: (68, 2), or (98, 2), pixels.
        mesh: (478, 3) pixels, z towards the scene.
        head_pose: (3,) yaw, pitch, roll of the face in this picture, in degrees.
    """

    picture: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    mesh: Points
    head_pose: Points


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TurnedView:
    """The face turned, in the middle of a square canvas.

    Attributes:
        canvas: (C, C, 3) uint8 RGB.
        landmarks: (K, 2) canvas pixels; what the head hides lies where it projects, but the far jaw
            on the outline of the face.
        visible: (K,) 1 where the head itself does not hide the point, else 0.
    """

    canvas: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    visible: NDArray[np.float32]


def read_triangles(canonical_model: Path) -> NDArray[np.int64]:
    """Return the (T, 3) triangles of ``canonical_face_model.obj`` over the mesh, eyes closed up."""
    lines = canonical_model.read_text(encoding="utf-8").splitlines()
    faces = [line.split()[1:4] for line in lines if line.startswith("f ")]
    triangles = np.array([[int(corner.split("/")[0]) - 1 for corner in face] for face in faces])
    return np.vstack([triangles, *map(_fan, _holes(triangles))])


def _holes(triangles: NDArray[np.int64]) -> list[list[int]]:
    """Return the closed border lines of a mesh other than its outer edge."""
    edges = {(int(t[i]), int(t[(i + 1) % 3])) for t in triangles for i in range(3)}
    following = {b: a for a, b in edges if (b, a) not in edges}
    loops = []
    while following:
        start, point = following.popitem()
        loop = [start]
        while point != start:
            loop.append(point)
            point = following.pop(point)
        loops.append(loop)
    return [loop for loop in loops if not set(loop) & set(OVAL.tolist())]


def _fan(loop: list[int]) -> NDArray[np.int64]:
    return np.array([[loop[0], loop[i], loop[i + 1]] for i in range(1, len(loop) - 1)])


def turn_view(
    source: SourceView,
    triangles: NDArray[np.int64],
    head_pose: Points,
    *,
    size: int,
    canvas_scale: float,
) -> TurnedView:
    """Show a face under another head pose.

    Args:
        source: The face.
        triangles: (T, 3) over the mesh.
        head_pose: (3,) yaw, pitch, roll that it is to have, in degrees.
        size: Side of the canvas.
        canvas_scale: Canvas side / longer side of the box around the turned landmarks.
    """
    centre = source.mesh[list(_EARS)].mean(axis=0)
    old, new = euler_to_rotation(source.head_pose), euler_to_rotation(head_pose)
    mesh = _to_frame(source.mesh, centre)
    width = float(np.linalg.norm(mesh[_EARS[0]] - mesh[_EARS[1]]))
    rings = _rings(mesh[OVAL] @ old, width) @ old.T
    vertices = np.vstack([mesh, rings])
    turned = vertices @ (new @ old.T).T
    points = _to_frame(np.column_stack([source.landmarks, _depths(source)]), centre)
    points = points @ (new @ old.T).T
    yaw = float(head_pose[0])
    far = far_jaw(len(points), yaw)
    picture_points = _flat(slide_to_outline(points, turned[: len(mesh)], far, yaw), centre)
    matrix = crop_matrix(
        BoundingBox.around(picture_points.astype(np.float32)), crop_scale=canvas_scale, size=size
    )
    everything = np.vstack([triangles, _strips(len(mesh))])
    from_picture = _flat(vertices, centre)
    onto_canvas = transform_points(matrix, _flat(turned, centre))
    index, sources, depth = _raster(everything, onto_canvas, from_picture, turned[:, 2], size)
    background = _background(onto_canvas, from_picture, matrix, size)
    maps = np.where((index >= 0)[..., None], sources, background).astype(np.float32)
    canvas = cv2.remap(
        source.picture, maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )  # type: ignore[call-overload]
    landmarks = transform_points(matrix, picture_points).astype(np.float32)
    visible = _visible(landmarks, points[:, 2], depth, width)
    visible[far] = abs(yaw) < _FAR_JAW_HIDDEN
    return TurnedView(canvas=canvas, landmarks=landmarks, visible=visible)


def _depths(source: SourceView) -> Points:
    """Return the (K,) depths of the mesh at the landmarks."""
    if len(source.landmarks) == IBUG_68.point_count:
        depths: Points = source.mesh[MESH_TO_IBUG, 2]
    else:
        depths = source.mesh[MESH_TO_WFLW, 2].mean(axis=1)
    return depths


def _to_frame(points: Points, centre: Points) -> Points:
    """Turn pixels and depth into the frame of head poses: y up, z towards the camera."""
    return (points - centre) * (1, -1, -1)


def _flat(points: Points, centre: Points) -> Points:
    return np.column_stack([points[:, 0] + centre[0], centre[1] - points[:, 1]])


def _rings(oval: Points, width: float) -> Points:
    """Return two rings of 36 points outside the oval, all in head frame: skull and neck."""
    outwards = oval[:, :2] - oval[:, :2].mean(axis=0)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    is_neck = np.clip((-outwards[:, 1:] - 0.2) / 0.5, 0, 1)
    rings = []
    for skull, neck in zip(_SKULL, _NECK, strict=True):
        out, down, back = (
            (1 - is_neck) * a + is_neck * b for a, b in zip(skull, neck, strict=True)
        )
        shift = np.hstack([out * outwards, -back])
        shift[:, 1:2] -= down
        rings.append(oval + width * shift)
    return np.vstack(rings)


def _strips(first: int) -> NDArray[np.int64]:
    """Return the triangles between oval, first and second ring."""
    count = len(OVAL)
    rings = [OVAL, first + np.arange(count), first + count + np.arange(count)]
    triangles = []
    for inner, outer in pairwise(rings):
        following_in, following_out = np.roll(inner, -1), np.roll(outer, -1)
        triangles.append(np.column_stack([inner, outer, following_in]))
        triangles.append(np.column_stack([following_in, outer, following_out]))
    return np.vstack(triangles)


def _raster(
    triangles: NDArray[np.int64], onto: Points, origin: Points, depth: Points, size: int
) -> tuple[NDArray[np.int32], Points, Points]:
    """Draw the triangles, far ones first: index (-1: none), source pixels and depth a pixel."""
    corners = np.concatenate([onto[triangles], np.ones((len(triangles), 3, 1))], axis=2)
    area = np.abs(np.linalg.det(corners)) / 2
    triangles, corners = triangles[area > _SMALLEST_TRIANGLE], corners[area > _SMALLEST_TRIANGLE]
    values = np.concatenate([origin[triangles], depth[triangles][..., None]], axis=2)
    planes = np.linalg.solve(corners, values)  # (T, 3, 3): (x, y, 1) -> source x, y, depth
    order = np.argsort(depth[triangles].mean(axis=1))
    index = np.full((size, size), -1, np.int32)
    fixed = np.round(corners[:, :, :2] * 16).astype(np.int32)
    for triangle in order:
        cv2.fillConvexPoly(index, fixed[triangle], int(triangle), lineType=8, shift=4)
    rows, columns = np.mgrid[:size, :size]
    pixels = np.stack([columns, rows, np.ones_like(rows)], axis=2).astype(np.float64)
    found = np.einsum("hwi,hwij->hwj", pixels, planes[np.maximum(index, 0)])
    return index, found[..., :2], np.where(index >= 0, found[..., 2], -np.inf)


def _background(onto: Points, origin: Points, matrix: Points, size: int) -> Points:
    """Return where each pixel around the head comes from: moved in or out with the outline."""
    scale = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    inner, outer = _outline(onto), _outline(origin)
    rows, columns = np.mgrid[:size, :size]
    across, down = columns - inner[0][0], rows - inner[0][1]
    angle, radius = np.arctan2(down, across), np.hypot(across, down)
    turned_radius, source_radius = (
        np.interp(angle, _ANGLES, radii, period=2 * np.pi) for _, radii in (inner, outer)
    )
    moved = source_radius + (radius - turned_radius) / scale
    x = outer[0][0] + moved * np.cos(angle)
    y = outer[0][1] + moved * np.sin(angle)
    return np.stack([x, y], axis=2)


_ANGLES = np.linspace(-np.pi, np.pi, 48, endpoint=False)


def _outline(points: Points) -> tuple[Points, Points]:
    """Return the centre of a point cloud and its radius in each of ``_ANGLES``."""
    hull = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    centre = (hull.min(axis=0) + hull.max(axis=0)) / 2
    directions = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
    start, along = hull - centre, np.roll(hull, -1, axis=0) - hull
    # Where the ray from the centre meets each side of the hull.
    cross = along[:, :1] * directions[1] - along[:, 1:] * directions[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (start[:, 1:] * directions[0] - start[:, :1] * directions[1]) / cross
        reach = (start[:, 1:] * along[:, :1] - start[:, :1] * along[:, 1:]) / cross
    reach = np.where((share >= -1e-6) & (share <= 1 + 1e-6) & (reach > 0), reach, 0)
    return centre, reach.max(axis=0)


def _visible(
    landmarks: NDArray[np.float32], depth: Points, surface: Points, width: float
) -> NDArray[np.float32]:
    """Return (K,) 1 where a landmark lies on the surface that the picture shows, 0 behind it."""
    columns, rows = (
        np.clip(np.round(landmarks.astype(np.float64)), 0, len(surface) - 1).astype(int).T
    )
    hides: NDArray[np.float64] = surface[rows, columns] - _HIDDEN_TOLERANCE * width
    return (depth > hides).astype(np.float32)
