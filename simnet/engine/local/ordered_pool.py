"""Threads for jobs of which some must follow others, that can be left behind when a run ends."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, TypeVar

from simnet.errors import NodeError
from simnet.service_thread import ServiceThread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Result = TypeVar("Result")

CLOSE_S = 0.5
"""How long closing waits for running jobs."""


class OrderedPool:
    """Runs jobs in threads; jobs of one key run one after the other, and a job runs after those it names.

    Jobs start in the order of `submit`, and wait only for earlier ones, so there is no deadlock. Every future that `submit`
    returned comes to an end, closed or not. Threads are daemons: `ThreadPoolExecutor`'s would hold up the end of the process.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._changed = threading.Condition()
        self._queue: deque[tuple[Future, Callable[[], object]]] = deque()
        self._closed = False
        self._last: dict[str, Future] = {}
        self._threads = [ServiceThread(f"{name} {number}", self._work) for number in range(threads)]

    def submit(self, key: str, job: Callable[[], Result], after: Sequence[Future] = ()) -> Future[Result]:
        """Run `job` once the job before it with the same key, and every one in `after`, has ended, well or not.

        Raises:
            NodeError: The pool is closed.
        """
        for thread in self._threads:
            thread.check()
        future: Future[Result] = Future()
        with self._changed:
            if self._closed:
                raise _ended()
            before = [*after, self._last[key]] if key in self._last else list(after)

            def run() -> Result:
                wait(before)
                if self._closed:
                    raise _ended()
                return job()

            self._last[key] = future
            self._queue.append((future, run))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Fail the jobs that have not started, and wait a moment for those that run."""
        with self._changed:
            self._closed = True
            forgotten = [future for future, _ in self._queue]
            self._queue.clear()
            self._changed.notify_all()
        for future in forgotten:
            future.set_exception(_ended())
        deadline = time.monotonic() + CLOSE_S
        for thread in self._threads:
            if not thread.is_current:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closed:
                    self._changed.wait()
                if not self._queue:
                    return
                future, run = self._queue.popleft()
            try:
                result = run()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            del future, run


def _ended() -> NodeError:
    return NodeError("the run has ended; nothing more is done")
