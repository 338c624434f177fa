"""What carrying a frame to and from a host costs, against coding it: capture grant out, coded frame back.

python -m pytest tests/benchmarks/test_wire_speed.py --benchmark-only -s
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import zmq

from simnet.wire.membership.admission import HostClaim, NamedRoster
from simnet.wire.protocol.messages import Message
from simnet.wire.security import keys
from simnet.wire.security.keys import BrokerKeys
from simnet.wire.sockets.broker_socket import BrokerSocket

WIDTH, HEIGHT = 256, 128
HOST = """
import sys
from pathlib import Path
import zmq
from simnet.wire.sockets.host_socket import HostSocket
from simnet.wire.security.keys import HostKeys
from simnet.wire.protocol.messages import Message
from simnet.wire.membership.admission import HostClaim

endpoint, size, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def serve(context):
    host = HostSocket(context, endpoint, HostClaim("host"), HostKeys.load(Path(folder), None) if folder else None)
    host.join(30)
    data = bytes(size)
    while (request := host.receive()).kind != "stop":
        host.reply(request, Message("coded", {"quality": 0.5}, (data,)))
    host.close()
"""
CAPTURE = Message("capture", {"stream": "car/front", "sequence": 7, "time_ns": 700_000_000, "feedback": []})


@contextmanager
def exchange(transport: str, tmp_path: Path, size: int) -> Iterator[BrokerSocket]:
    """A broker and a host that answers at once: a thread over inproc, else a process."""
    keys.make(tmp_path, ["host"])
    folder = str(tmp_path) if transport == "tcp+curve" else ""
    place = {"inproc": "inproc://broker", "ipc": f"ipc://{tmp_path}/run"}.get(transport, "tcp://127.0.0.1:*")
    with zmq.Context() as context:
        own = BrokerKeys.load(tmp_path) if folder else None
        broker = BrokerSocket(context, place, NamedRoster(("host",)), keys=own)
        if transport == "inproc":
            join = _thread(context, broker.endpoint, size)
        else:
            code = f"{HOST}\nwith zmq.Context() as context:\n    serve(context)"
            join = subprocess.Popen([sys.executable, "-c", code, broker.endpoint, str(size), folder]).wait
        broker.wait_ready(30)
        yield broker
        broker.post("host", Message("stop", {"failure": None}))
        join()
        broker.close()


def _thread(context: zmq.Context, endpoint: str, size: int):
    import threading

    from simnet.wire.sockets.host_socket import HostSocket

    def serve() -> None:
        host = HostSocket(context, endpoint, HostClaim("host"))
        host.join(30)
        data = bytes(size)
        while (request := host.receive()).kind != "stop":
            host.reply(request, Message("coded", {"quality": 0.5}, (data,)))
        host.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return thread.join


def coding() -> tuple[float, int]:
    """Return the fewest milliseconds that coding a frame takes with the default codec, and its size in bytes."""
    from simnet import codec

    draw = np.random.default_rng(2)
    picture = np.kron(draw.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    encoder = codec.open_encoder("atn", WIDTH, HEIGHT)
    data = b""
    spent = []
    for _ in range(40):
        began = time.perf_counter()
        data = encoder.encode(picture, 0.5)
        spent.append(time.perf_counter() - began)
    return 1000 * min(spent), len(data)


@pytest.fixture(scope="module")
def coded() -> tuple[float, int]:
    return coding()


@pytest.mark.parametrize("transport", ["inproc", "ipc", "tcp", "tcp+curve"])
def test_carrying_a_frame_costs_little_beside_coding_it(benchmark, transport, tmp_path, coded):
    coding_ms, size = coded
    with exchange(transport, tmp_path, size) as broker:

        def round_trip() -> None:
            broker.result("host", broker.post("host", CAPTURE), "a frame", 10)

        benchmark.pedantic(round_trip, rounds=300, warmup_rounds=20)
    overhead_ms = 1000 * benchmark.stats.stats.median
    benchmark.extra_info.update(overhead_ms=round(overhead_ms, 3), coding_ms=round(coding_ms, 2), coded_bytes=size)
    print(f"\n{transport}: {overhead_ms:.3f} ms a frame of {size} bytes; coding it takes {coding_ms:.2f} ms")
    assert overhead_ms < coding_ms
