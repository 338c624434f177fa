"""One question, two runs: how many frames does a longer queue save on a narrow link?"""

import tempfile
from pathlib import Path

import simnet

CHANGES = {"duration": "1 s", "streams.*.codec": "jpeg", "links.*.bandwidth": "800 kbit/s"}

with tempfile.TemporaryDirectory() as folder:
    for queue in ("4 kB", "64 kB"):
        out = Path(folder) / queue.replace(" ", "")
        report = simnet.run("stereo_pair", out, overrides={**CHANGES, "links.*.queue": queue}, page=False)
        stream = report.streams.iloc[0]
        print(
            f"queue {queue:>5}: {stream.decoded} in time, {stream.late} late, {stream.lost} lost of {stream.frames} frames"
        )
