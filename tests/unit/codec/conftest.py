"""Fixtures of the codec tests."""

from support.checkpoints import checkpoint, model_of, picture
