"""How many threads each native library uses, decided in one place.

simnet runs one job per processor in pools of its own, so every library computes in the thread that calls it: more threads
than processors wait for each other, and a sum that is split among threads may round in another way. The exception is OpenVINO,
which computes in threads of its own while its caller waits: it gets one thread per job.

| library | number of threads | set where |
|---|---|---|
| BLAS (numpy, scipy) | 1 | `limit_new_libraries` in simnet's own processes; else `limited`, while a run or an evaluation lasts |
| OpenCV | 1 | `limited` |
| torch, where a codec brings it along | 1 | `limited`, and `limit_torch` once it is there |
| OpenVINO | a processor each | `openvino_settings` |
| FFmpeg, x264, x265, SVT-AV1, libavif | 1 | with each coder that is opened |

Training is another matter: torch gets the processors that `simnet.learn.parallel` counts for it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CODER_THREADS = 1
"""Of each FFmpeg coder, and of each encoder of still pictures."""


BLAS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment that limits BLAS to one thread, from the moment that it is loaded."""
ALL = {**BLAS, "OMP_NUM_THREADS": "1"}
"""Environment that limits everything to one thread: for processes that do not train."""

SILENT = {"SVT_LOG": "0"}
"""SVT-AV1 logs every stream to standard error; real problems are returned as errors anyway."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def openvino_settings() -> dict[str, Any]:
    """Return the settings of a compiled network that limit its threads: as many jobs as processors, one thread each."""
    return {"INFERENCE_NUM_THREADS": processors(), "NUM_STREAMS": processors(), "ENABLE_CPU_PINNING": False}


def settings() -> dict[str, int]:
    """Return the number of threads of each library of this process, as the libraries themselves say it."""
    import cv2
    from threadpoolctl import threadpool_info

    blas = max((each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"), default=1)
    return {"processors": processors(), "opencv": cv2.getNumThreads(), "blas": blas}


def limit_new_libraries() -> None:
    """Limit BLAS in this process and in those that it starts, unless the user's environment says a number.

    OpenBLAS takes a number later only from the thread that set one first, so a process of simnet's own says it before. What
    silences SVT-AV1 is said here too: the C library's environment must not change while other threads read it.
    """
    for name, value in {**BLAS, **SILENT}.items():
        os.environ.setdefault(name, value)


class _Limit:
    """The limit of this process. Runs may overlap in threads: the first sets it, the last gives the old numbers back.

    OpenBLAS listens to the thread that set its number first; where another thread is the last, it stays with one.
    """

    def __init__(self) -> None:
        self._lock, self._holders = Lock(), 0
        self._pools: Any = None
        self._before: dict[str, int] = {}

    def take(self) -> None:
        import cv2
        from threadpoolctl import threadpool_limits

        with self._lock:
            self._holders += 1
            if self._holders > 1:
                return
            self._before = {"cv2": cv2.getNumThreads()}
            cv2.setNumThreads(1)
            self.limit_torch()
            self._pools = threadpool_limits(1)

    def drop(self) -> None:
        import cv2

        with self._lock:
            self._holders -= 1
            if self._holders:
                return
            cv2.setNumThreads(self._before.pop("cv2"))
            self._pools.restore_original_limits()
            if "torch" in self._before:
                sys.modules["torch"].set_num_threads(self._before.pop("torch"))

    def limit_torch(self) -> None:
        torch: Any = sys.modules.get("torch")
        if torch is not None and "torch" not in self._before:
            self._before["torch"] = torch.get_num_threads()
            torch.set_num_threads(1)


_LIMIT = _Limit()


class _Waited(threading.local):
    """How long this thread has waited for threads of libraries."""

    seconds = 0.0


_WAITED = _Waited()


@contextmanager
def elsewhere() -> Iterator[None]:
    """Note that the block computes in threads of its library, while this one waits: its processor time does not tell."""
    began = time.perf_counter()
    try:
        yield
    finally:
        _WAITED.seconds += time.perf_counter() - began


def waited_s() -> float:
    """Return how long this thread has waited inside `elsewhere`, in wall seconds."""
    return _WAITED.seconds


@contextmanager
def limited() -> Iterator[None]:
    """Limit BLAS, OpenMP, OpenCV and torch to the calling thread, until the last of these contexts ends."""
    _LIMIT.take()
    try:
        yield
    finally:
        _LIMIT.drop()


def limit_torch() -> None:
    """Limit torch, which may be loaded after the limit of the others has been set."""
    _LIMIT.limit_torch()
