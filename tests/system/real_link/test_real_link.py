"""The simulated link against one that the kernel makes: ZeroMQ over TCP through a token bucket and a constant delay.

A few transfers of 100 kB in every run of the tests; the whole table, printed, with

    SIMNET_REAL_LINK=full pytest tests/system/real_link -s
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import simpy

from simnet.net import Network
from simnet.records import LinkConfig

KERNEL_LINK = Path(__file__).with_name("kernel_link.py")
FULL = os.environ.get("SIMNET_REAL_LINK") == "full"
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000) if FULL else (100_000,)
REPETITIONS = 5 if FULL else 3
CASES = [(2, 0), (2, 20), (8, 0), (8, 20)] if FULL else [(2, 0), (8, 20)]
PROVEN_BYTES = 100_000
"""From here on the two agree; below, a round trip is so short that the machine's own time shows."""

TCP_BYTES = 52
"""IP, TCP and its time stamps."""
REQUEST_BYTES, REPLY_BYTES = 11, 5
"""What ZMTP adds to a long message of a REQ socket (an empty frame of 2, a header of 9), and a reply of one byte."""


def missing() -> str | None:
    """Say why no kernel link can be made here, if so."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    if absent := [tool for tool in ("ip", "tc", "sysctl") if shutil.which(tool) is None]:
        return f"needs {', '.join(absent)} (iproute2, procps)"
    return None if Path("/dev/net/tun").exists() else "needs /dev/net/tun"


@functools.cache
def refused() -> str | None:
    """Say what a machine that has all the tools does not allow (a container without privileges), if so."""
    space = f"sl{os.getpid()}try"
    made = subprocess.run(["ip", "netns", "add", space], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces are not allowed here: {made.stderr.strip()}"
    tried = ["tuntap", "add", "t0", "mode", "tun"], ["link", "set", "t0", "up"]
    results = [
        subprocess.run(["ip", "-n", space, *words], capture_output=True, text=True, check=False) for words in tried
    ]
    shape = [
        "tc",
        "-n",
        space,
        "qdisc",
        "add",
        "dev",
        "t0",
        "root",
        "tbf",
        "rate",
        "1mbit",
        "burst",
        "1600",
        "limit",
        "9000",
    ]
    results.append(subprocess.run(shape, capture_output=True, text=True, check=False))
    subprocess.run(["ip", "netns", "delete", space], capture_output=True, check=True)
    return next((f"not allowed here: {each.stderr.strip()}" for each in results if each.returncode), None)


def kernel_s(mbit_s: int, delay_ms: int) -> dict[int, float]:
    """Return the fastest round trip by size: whatever else the machine does only adds time."""
    command = [
        sys.executable,
        str(KERNEL_LINK),
        str(mbit_s),
        str(delay_ms),
        ",".join(map(str, SIZES)),
        str(REPETITIONS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return {int(size): min(times_s) for size, times_s in json.loads(done.stdout).items()}


def simulated_s(mbit_s: int, delay_ms: int, size_bytes: int) -> float:
    """Return the time from sending to the reply, over two links; only the way there is slow."""
    env = simpy.Environment()
    numbers = {"delay_ns": delay_ms * 1_000_000, "overhead_bytes": TCP_BYTES, "queue_bytes": 10**8}
    links = [LinkConfig("there", "a", "b", mbit_s * 1e6, **numbers), LinkConfig("back", "b", "a", 1e10, **numbers)]
    network = Network(env, links, 1, lambda *_: 0.0)
    ended = []
    network.send("a", "b", size_bytes + REQUEST_BYTES, lambda _: network.send("b", "a", REPLY_BYTES, ended.append))
    env.run()
    return ended[0].arrived_ns / 1e9


@pytest.mark.parametrize(("mbit_s", "delay_ms"), CASES)
def test_transfer_times_match_a_kernel_link(mbit_s, delay_ms):
    if (reason := missing() or refused()) is not None:
        pytest.skip(reason)
    for size, measured_s in kernel_s(mbit_s, delay_ms).items():
        simulated = simulated_s(mbit_s, delay_ms, size)
        print(
            f"{mbit_s} Mbit/s {delay_ms:2} ms {size:9,} B: kernel {measured_s * 1e3:8.2f} ms, "
            f"simulated {simulated * 1e3:8.2f} ms, {simulated / measured_s - 1:+.1%}"
        )
        if size >= PROVEN_BYTES:
            assert simulated == pytest.approx(measured_s, rel=0.05)
