"""Threads for jobs of which some must follow others."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Result = TypeVar("Result")


class OrderedPool:
    """Runs jobs in threads; jobs of one key run one after the other, and a job runs after those it names.

    Jobs start in the order of `submit`, and wait only for earlier ones, so there is no deadlock.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._last: dict[str, Future] = {}

    def submit(self, key: str, job: Callable[[], Result], after: Sequence[Future] = ()) -> Future[Result]:
        """Run `job` once the job before it with the same key, and every one in `after`, has ended, well or not."""
        before = [*after, self._last[key]] if key in self._last else list(after)

        def run() -> Result:
            wait(before)
            return job()

        self._last[key] = self._executor.submit(run)
        return self._last[key]

    def close(self) -> None:
        """Let running jobs end and forget those that have not started."""
        self._executor.shutdown(cancel_futures=True)
