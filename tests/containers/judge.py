"""Runs beside the containers: waits for the live page's word that the run has ended, and for the report; prints the metrics."""

import pathlib
import sys
import time
import urllib.request

PAGE = "http://dashboard:8080/"
deadline = time.monotonic() + float(sys.argv[1])
metrics, reports = "", []
while not ('phase="ended"' in metrics and reports):
    if 'phase="failed"' in metrics or time.monotonic() > deadline:
        sys.exit(f"no end seen: {metrics.splitlines()[-40:]}, {reports}")
    time.sleep(0.5)
    reports = list(pathlib.Path("runs").glob("*/report.html"))
    try:
        metrics = urllib.request.urlopen(PAGE + "metrics", timeout=5).read().decode()
    except OSError:
        continue
time.sleep(10)  # hosts end when the report is there: by now, on a busy machine too
assert b"simnet" in urllib.request.urlopen(PAGE, timeout=20).read()
for line in metrics.splitlines():
    if line.startswith("simnet_"):
        print("page:", line)
