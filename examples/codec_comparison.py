"""A small sweep: which codec shows the better picture at which bandwidth?"""

import sys
import tempfile

import simnet

folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="simnet-")
report = simnet.sweep(
    "stereo_pair",
    {"duration": "400 ms", "links.*.bandwidth": ["600 kbit/s", "2 Mbit/s"], "streams.*.rate": "adaptive"},
    codecs=["jpeg", "avif"],
    out=folder,
    workers=1,
)
print(report.table.pivot(index="links.*.bandwidth", columns="codec", values="shown_psnr_db").round(2))
print("page:", report.page)
