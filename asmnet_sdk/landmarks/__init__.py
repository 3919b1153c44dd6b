"""From face boxes to landmarks and head pose: the network, and the contract of its files."""

from asmnet_sdk.landmarks.contract import METADATA_KEY, ModelMetadata
from asmnet_sdk.landmarks.face_crop import FaceCrop
from asmnet_sdk.landmarks.network import LandmarkNetwork

__all__ = ["METADATA_KEY", "FaceCrop", "LandmarkNetwork", "ModelMetadata"]
