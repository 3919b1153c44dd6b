"""Face boxes of the example portraits: x_min, y_min, x_max, y_max, eyebrows to chin."""

ASTRONAUT_BOX = (179.0, 87.0, 272.0, 179.0)
GRACE_HOPPER_BOX = (178.0, 159.0, 350.0, 334.0)
