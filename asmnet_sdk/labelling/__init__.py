"""Labels for photos: proposed by a model, the least certain first, then put right by hand."""

from asmnet_sdk.labelling.files import FORMATS, LabelFormat, kept_copy, label_files, write_labels
from asmnet_sdk.labelling.proposing import doubt_percent, least_certain_first, propose
from asmnet_sdk.labelling.review import Review
from asmnet_sdk.labelling.server import review_server

__all__ = [
    "FORMATS",
    "LabelFormat",
    "Review",
    "doubt_percent",
    "kept_copy",
    "label_files",
    "least_certain_first",
    "propose",
    "review_server",
    "write_labels",
]
