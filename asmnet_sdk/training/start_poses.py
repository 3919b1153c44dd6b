"""Head poses of faces without a label, as the network that a run starts from sees them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from asmnet_sdk.training.configuration import Recipe
from asmnet_sdk.training.inference import predict_crops, upright_crops
from asmnet_sdk.training.networks import FaceNetwork
from asmnet_sdk.training.samples import FaceSamples

__all__ = ["with_start_poses"]


def with_start_poses(samples: FaceSamples, network: FaceNetwork, recipe: Recipe) -> FaceSamples:
    """Give faces without a pose label the pose that the network predicts before it is trained.

    So a run on photos without pose labels does not forget head pose (learning without forgetting,
    Li and Hoiem, ECCV 2016).

    Args:
        samples: The faces that train.
        network: A network whose pose output means something; it is left evaluating.
        recipe: Gives size and scale of the crops.
    """
    unknown = np.flatnonzero(~np.isfinite(samples.head_poses).all(axis=1))
    if not len(unknown):
        return samples
    crops, _ = upright_crops(samples.take(unknown), size=recipe.size, crop_scale=recipe.crop_scale)
    head_poses = samples.head_poses.copy()
    head_poses[unknown] = predict_crops(network, crops).head_pose.numpy()
    return replace(samples, head_poses=head_poses)
