"""Which point is which: landmark layouts and the conversions between them.

Left and right are the subject's: iBUG points 36 to 41 are the right eye, on the left of a frontal
picture. Indices count from 0.
"""

from asmnet_sdk.layouts.converting import convert_landmarks, is_convertible, shared_points
from asmnet_sdk.layouts.known import FIVE_POINT, IBUG_68, LAYOUTS, WFLW_98, layout_of_size
from asmnet_sdk.layouts.layout import Contour, Layout
from asmnet_sdk.layouts.tables import layout_from_table, layout_to_table

__all__ = [
    "FIVE_POINT",
    "IBUG_68",
    "LAYOUTS",
    "WFLW_98",
    "Contour",
    "Layout",
    "convert_landmarks",
    "is_convertible",
    "layout_from_table",
    "layout_of_size",
    "layout_to_table",
    "shared_points",
]
