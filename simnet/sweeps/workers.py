"""Dask workers: processes of this machine, or of a running cluster."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, cast

from simnet import library_threads
from simnet.errors import InputError, NodeError
from simnet.sweeps.cell_runner import CellResult

if TYPE_CHECKING:
    from distributed import Client

    from simnet.sweeps.cell_runner import CellTask

TOPIC = "simnet-shares"
"""Dask's name for the reports of progress."""
CONNECT_S = 10
"""Timeout of the connection to a scheduler."""


class Pool:
    """Workers of a connected scheduler."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    def each(
        self,
        make: Callable[[CellTask, Callable[[float], None]], CellResult],
        tasks: Sequence[CellTask],
        weights: Mapping[str, float],
        watch: Callable[[float, int], None],
    ) -> Iterator[CellResult]:
        """Yield the result of each task as it ends; a task whose worker dies is tried at most three times in total.

        Args:
            make: Runs a task, and calls its second argument with the share that is done.
            tasks: What to run.
            weights: Each cell's part of the work.
            watch: Called with the work done, running tasks by their share, and the number of ended ones; also from another
                thread.
        """
        from distributed import as_completed

        done = _Shares(weights, watch)
        self._client.subscribe_topic(TOPIC, done.take)
        futures = {
            self._client.submit(_told, make, task, key=f"{task.cell}-{number}", pure=False): task
            for number, task in enumerate(tasks)
        }
        try:
            completed = cast("Iterable[Any]", as_completed(list(futures), loop=self._client.loop))
            for future in completed:
                task = futures.pop(future)
                done.end(task.cell)
                error = future.exception()
                yield future.result() if error is None else CellResult(task.cell, failed=_reason(error))
                future.release()
        except BaseException:
            self._client.cancel(list(futures), force=True)
            raise
        finally:
            self._client.unsubscribe_topic(TOPIC)


class _Shares:
    """Sums up the shares of running tasks that workers report."""

    def __init__(self, weights: Mapping[str, float], watch: Callable[[float, int], None]) -> None:
        self._weights, self._watch = weights, watch
        self._shares: dict[str, float] = {}
        self._ended: set[str] = set()

    async def take(self, event: tuple[float, tuple[str, float]]) -> None:
        """Take a worker's report, in the client's thread."""
        cell, share = event[1]
        if cell not in self._ended:
            self._shares[cell] = share
            self._tell()

    def end(self, cell: str) -> None:
        """A task has ended."""
        self._ended.add(cell)
        self._shares[cell] = 1.0
        self._tell()

    def _tell(self) -> None:
        done = sum(self._weights[cell] * share for cell, share in list(self._shares.items()))
        self._watch(done, len(self._ended))


def _told(make: Callable[[CellTask, Callable[[float], None]], CellResult], task: CellTask) -> CellResult:
    """Run a task on a worker, which reports its progress to the client."""
    from distributed import get_worker

    worker: Any = get_worker()
    return make(task, lambda share: worker.log_event(TOPIC, (task.cell, share)))


@contextmanager
def connected(scheduler: str | None, count: int) -> Generator[Pool]:
    """Connect to a scheduler, or start one on this machine with `count` workers that end with this process.

    Raises:
        InputError: No scheduler answers at the address.
        NodeError: The workers cannot be started.
    """
    from dask import config
    from distributed import Client, LocalCluster

    local: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "memory_limit": None, "silence_logs": logging.CRITICAL}
    quiet = {
        "distributed.scheduler.allowed-failures": 2,
        "distributed.worker.daemon": True,
        "distributed.nanny.pre-spawn-environ": library_threads.ALL,
        "distributed.comm.timeouts.connect": f"{CONNECT_S}s",
    }
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with config.set(quiet), ExitStack() as stack:
        if scheduler is None:
            try:
                start = cast("Callable[..., Any]", LocalCluster)
                cluster = stack.enter_context(start(n_workers=count, threads_per_worker=1, processes=True, **local))
            except (OSError, RuntimeError) as error:
                raise NodeError(f"workers: cannot be started ({' '.join(str(error).split())})") from error
            yield Pool(stack.enter_context(Client(cluster, set_as_default=False)))
            return
        try:
            client = stack.enter_context(Client(scheduler, timeout=CONNECT_S, set_as_default=False))
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"--scheduler {scheduler}: no answer ({' '.join(str(error).split())}); expected a Dask scheduler's address, "
                "such as tcp://127.0.0.1:8786"
            ) from error
        if not client.scheduler_info()["workers"]:
            raise InputError(
                f"--scheduler {scheduler}: has no workers; expected some, started with dask worker {scheduler}"
            )
        yield Pool(client)


def _reason(error: BaseException) -> str:
    """Return the reason why a task has no result, as one line."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return "its worker died at each of three attempts; expected enough memory for it"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
