"""The indexes of the low-resolution backbone do not depend on the number of threads."""

import os
import subprocess
import sys

from support.places import ROOT

HASH = """
import hashlib
from support import lowres_maps
z, symbols = lowres_maps.drawn(3, 96, 160)
print(hashlib.sha256(lowres_maps.all_indexes(z, symbols, 100).tobytes()).hexdigest())
"""
"""Large enough that BLAS shares the products between its threads."""


def test_threads_give_the_same_indexes() -> None:
    hashes = set()
    for threads in ("1", "2"):
        path = os.pathsep.join([str(ROOT / "tests"), *sys.path])
        environment = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-c", HASH], env=os.environ | environment, capture_output=True, text=True, check=True
        )
        hashes.add(done.stdout.strip())
    assert len(hashes) == 1
