"""Folders that are ready for the Hub: checked, and uploaded."""

from asmnet_sdk.publishing.folders import HubFolder, check_hub_folder
from asmnet_sdk.publishing.upload import Publication, PublishError, plan_publication, publish

__all__ = [
    "HubFolder",
    "Publication",
    "PublishError",
    "check_hub_folder",
    "plan_publication",
    "publish",
]
