"""Jobs follow those they name; closing leaves nobody waiting."""

import threading

import pytest

from simnet.engine.local.ordered_pool import OrderedPool
from simnet.errors import NodeError


def test_jobs_run_in_order_after_their_dependencies() -> None:
    pool, done = OrderedPool(3, "test"), []
    first = [pool.submit("a", lambda number=number: done.append(number)) for number in range(50)]
    pool.submit("b", lambda: done.append("b"), first).result(5)
    assert done == [*range(50), "b"]
    pool.close()


def test_closing_cancels_pending_jobs() -> None:
    pool, begun, go = OrderedPool(2, "test"), threading.Barrier(2), threading.Event()

    def stay() -> bool:
        begun.wait(5)
        return go.wait(20)

    running = pool.submit("a", stay)
    begun.wait(5)
    waiting = pool.submit("a", lambda: None)
    queued = pool.submit("b", lambda: None, [waiting])
    pool.close()
    with pytest.raises(NodeError):
        queued.result(1)
    with pytest.raises(NodeError):
        pool.submit("a", lambda: None)
    go.set()
    assert running.result(5)
    with pytest.raises(NodeError):
        waiting.result(5)
