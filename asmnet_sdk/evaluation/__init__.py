"""How exact an aligner is on annotated photos."""

from asmnet_sdk.evaluation.accuracy import (
    FaceResult,
    SubsetFigures,
    evaluate,
    predict_at,
    summarise,
)
from asmnet_sdk.evaluation.metrics import (
    FAILURE_THRESHOLD_PERCENT,
    area_under_curve,
    failure_rate,
    head_pose_errors,
    inter_ocular_nme,
)

__all__ = [
    "FAILURE_THRESHOLD_PERCENT",
    "FaceResult",
    "SubsetFigures",
    "area_under_curve",
    "evaluate",
    "failure_rate",
    "head_pose_errors",
    "inter_ocular_nme",
    "predict_at",
    "summarise",
]
