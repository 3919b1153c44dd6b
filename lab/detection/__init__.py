"""Training of the face detector: photos, mosaics, network, losses, export, release."""
