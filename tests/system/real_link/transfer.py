"""One end of the timed transfers: python transfer.py receive|send ENDPOINT [SIZES REPETITIONS]."""

from __future__ import annotations

import json
import sys
import time

import zmq

WARM_UP_BYTES = 200_000
PAUSE_S = 0.05
PATIENCE_MS = 60_000


def receive(endpoint: str) -> None:
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        socket.bind(endpoint)
        while True:
            socket.recv()
            socket.send(b"k")


def send(endpoint: str, sizes: str, repetitions: str) -> None:
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(endpoint)

        def round_trip_s(size: int) -> float:
            message = bytes(size)
            start_s = time.perf_counter()
            socket.send(message)
            socket.recv()
            return time.perf_counter() - start_s

        round_trip_s(WARM_UP_BYTES)
        times_s: dict[int, list[float]] = {}
        for size in map(int, sizes.split(",")):
            for _ in range(int(repetitions)):
                time.sleep(PAUSE_S)
                times_s.setdefault(size, []).append(round_trip_s(size))
        print(json.dumps(times_s), flush=True)


if __name__ == "__main__":
    {"receive": receive, "send": send}[sys.argv[1]](*sys.argv[2:])
