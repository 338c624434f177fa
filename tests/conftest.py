"""What all tests share."""

from hypothesis import settings

# How long an example takes says more about who else uses the machine; what hangs, pytest-timeout ends.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
