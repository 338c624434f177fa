"""Several processes share one store."""

import subprocess
import sys

WRITER = """
import hashlib, sys
from pathlib import Path
from simnet.store import Store
store = Store(Path(sys.argv[1]), 3_000_000)
seen = 0
for turn in range(150):
    for kind, size in (("scores", 200), ("pixels", 40_000)):
        key = str(turn)
        data = hashlib.shake_128(f"{kind}{key}".encode()).digest(size)
        found = store.get(kind, key)
        assert found in (None, data)
        seen += found is not None
        store.put(kind, key, data)
store.close()
print(seen)
"""


def test_processes_write_concurrently(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    ends = [writer.communicate(timeout=60) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], ends
    assert sum(int(out) for out, _ in ends) > 0, "they shared nothing"
