"""Face boxes of the example portraits: x_min, y_min, x_max, y_max, eyebrows to chin."""

from benchmarks.portraits import PORTRAITS

ASTRONAUT_BOX = tuple(PORTRAITS["astronaut.jpg"])
GRACE_HOPPER_BOX = tuple(PORTRAITS["grace_hopper.jpg"])
