"""Times ZeroMQ transfers over a link that the Linux kernel makes: python kernel_link.py MBIT_S DELAY_MS SIZES REPETITIONS.

     namespace a                                                     namespace b
     REQ -- tbf (the rate) --> tun ==> this process waits the delay ==> tun --> REP
                               tun <== this process waits the delay <== tun

The token bucket holds little more than one packet, so that what it lets through is the rate. TCP's window is grown beforehand and
kept: what is timed is the link. Needs root, iproute2 and /dev/net/tun. Prints a line of JSON: size in bytes -> seconds of every
round trip (the reply is one byte).
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
TRANSFER = Path(__file__).with_name("transfer.py")
ADDRESSES = {"a": "10.99.7.1", "b": "10.99.7.2"}
ENDPOINT = f"tcp://{ADDRESSES['b']}:5599"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def open_end(end: str, space: str) -> int:
    """Make one end of the link inside its namespace; return the file whose packets are on the air."""
    device = f"tun-{end}"
    file = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH", f"{space}{end}".encode(), IFF_TUN | IFF_NO_PI))
    ip("link", "set", f"{space}{end}", "netns", f"{space}{end}", "name", device)
    other = ADDRESSES["b" if end == "a" else "a"]
    ip("-n", f"{space}{end}", "address", "add", ADDRESSES[end], "peer", other, "dev", device)
    ip("-n", f"{space}{end}", "link", "set", device, "up", "mtu", "1500", "txqueuelen", "5000")
    ip("-n", f"{space}{end}", "link", "set", "lo", "up")
    return file


def carry(source: int, target: int, delay_s: float) -> None:
    """Bring every packet to the other end after the delay, for ever."""
    flying: deque[tuple[float, bytes]] = deque()
    taken = threading.Semaphore(0)

    def take() -> None:
        while True:
            packet = os.read(source, 65_536)
            flying.append((time.monotonic() + delay_s, packet))
            taken.release()

    def put() -> None:
        while True:
            taken.acquire()
            due_s, packet = flying.popleft()
            time.sleep(max(0.0, due_s - time.monotonic()))
            os.write(target, packet)

    for work in (take, put):
        threading.Thread(target=work, daemon=True).start()


def measure(rate_mbit_s: str, delay_ms: str, sizes: str, repetitions: str) -> str:
    space = f"sl{os.getpid()}"
    inside = {end: ["ip", "netns", "exec", f"{space}{end}"] for end in "ab"}
    with ExitStack() as cleanup:
        for end in "ab":
            ip("netns", "add", f"{space}{end}")
            cleanup.callback(ip, "netns", "delete", f"{space}{end}")
            keep = "net.ipv4.tcp_slow_start_after_idle=0"
            subprocess.run([*inside[end], "sysctl", "-q", "-w", keep], check=True, capture_output=True, text=True)
        files = {end: open_end(end, space) for end in "ab"}
        carry(files["a"], files["b"], float(delay_ms) / 1e3)
        carry(files["b"], files["a"], float(delay_ms) / 1e3)
        shape = ["tbf", "rate", f"{rate_mbit_s}mbit", "burst", "1600", "limit", "4000000"]
        root = [*inside["a"], "tc", "qdisc", "add", "dev", "tun-a", "root"]
        subprocess.run([*root, *shape], check=True, capture_output=True, text=True)
        python = [sys.executable, str(TRANSFER)]
        receiver = subprocess.Popen([*inside["b"], *python, "receive", ENDPOINT])
        cleanup.callback(receiver.wait)
        cleanup.callback(receiver.kill)
        sender = [*inside["a"], *python, "send", ENDPOINT, sizes, repetitions]
        return subprocess.run(sender, check=True, stdout=subprocess.PIPE, text=True, timeout=240).stdout.strip()


if __name__ == "__main__":
    try:
        print(json.dumps(json.loads(measure(*sys.argv[1:]))))
    except (OSError, subprocess.SubprocessError) as error:
        sys.exit(f"no kernel link: {error} {getattr(error, 'stderr', None) or ''}".strip())
