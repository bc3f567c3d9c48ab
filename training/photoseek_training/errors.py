"""What can be wrong outside the training program; each message is one line for the person."""

from photoseek.errors import PhotoseekError

__all__ = ["CheckpointError", "DatasetError", "ExportError", "ModelChoiceError"]


class DatasetError(PhotoseekError):
    """The photos, captions or split lists are missing or cannot be read."""


class ModelChoiceError(PhotoseekError):
    """An encoder or preset name is unknown, or its pretrained weights cannot be had."""


class CheckpointError(PhotoseekError):
    """A run cannot be resumed: its checkpoint is missing, damaged, or of other settings."""


class ExportError(PhotoseekError):
    """The exported graphs do not compute what the trained model computes."""
