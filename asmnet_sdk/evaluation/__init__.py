"""How exact an aligner is on annotated photos."""

from asmnet_sdk.evaluation.accuracy import SubsetFigures, evaluate, predict_at, summarise
from asmnet_sdk.evaluation.comparing import ComparedFigures, compare
from asmnet_sdk.evaluation.groups import GROUPINGS, Grouping
from asmnet_sdk.evaluation.intervals import mean_interval
from asmnet_sdk.evaluation.metrics import (
    FAILURE_THRESHOLD_PERCENT,
    area_under_curve,
    failure_rate,
    head_pose_errors,
    inter_ocular_nme,
    rotation_errors,
)
from asmnet_sdk.evaluation.results import FaceResult

__all__ = [
    "FAILURE_THRESHOLD_PERCENT",
    "GROUPINGS",
    "ComparedFigures",
    "FaceResult",
    "Grouping",
    "SubsetFigures",
    "area_under_curve",
    "compare",
    "evaluate",
    "failure_rate",
    "head_pose_errors",
    "inter_ocular_nme",
    "mean_interval",
    "predict_at",
    "rotation_errors",
    "summarise",
]
