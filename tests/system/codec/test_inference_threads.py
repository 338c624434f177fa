"""The inference library's first use in a process, by several threads at once."""

import subprocess
import sys

FIRST_USE = """
import threading
import numpy as np
from simnet.codec import model
from simnet.codec.learned import inference

factorized, start = model.load("factorized"), threading.Barrier(6)

def use():
    start.wait()
    inference.run(factorized, "analysis", np.zeros((1, 3, 64, 64), np.float32))

threads = [threading.Thread(target=use) for _ in range(6)]
for each in threads: each.start()
for each in threads: each.join()
"""


def test_first_use_by_several_threads_ends() -> None:
    """Without care, one thread holds the library's lock and waits for Python's, another the reverse (seen once in some runs)."""
    for _ in range(3):
        subprocess.run([sys.executable, "-c", FIRST_USE], check=True, timeout=60)
