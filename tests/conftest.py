"""What all tests share."""

import os

from hypothesis import settings

# How long an example takes says more about who else uses the machine; what hangs, pytest-timeout ends.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

# Torch's threads wait for each other by spinning, which takes the cores from those who are waited for where others work too.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
