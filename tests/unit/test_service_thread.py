"""A service thread hands its exception to its owner, and prints nothing."""

import threading
from collections.abc import Callable

import pytest

from simnet.errors import InputError, NodeError
from simnet.service_thread import ServiceThread


def failing(error: BaseException) -> Callable[[], None]:
    def serve() -> None:
        raise error

    return serve


def ended(serve: Callable[[], None]) -> ServiceThread:
    thread = ServiceThread("worker", serve)
    thread.join(5)
    assert not thread.is_alive
    return thread


def test_owner_gets_a_foreign_exception_as_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    thread = ended(failing(RuntimeError("first\nsecond")))
    with pytest.raises(NodeError, match=r"^worker: its thread failed with RuntimeError: first second; expected"):
        thread.check()
    assert thread.failure == "RuntimeError: first second"
    assert capfd.readouterr() == ("", "")


def test_owner_gets_errors_of_simnet_as_they_are() -> None:
    error = InputError("x: wrong; expected right")
    with pytest.raises(InputError) as raised:
        ended(failing(error)).check()
    assert raised.value is error


def test_thread_that_ends_well_has_no_failure() -> None:
    thread = ended(lambda: None)
    thread.check()
    assert thread.failure is None


def test_thread_knows_whether_it_is_the_caller() -> None:
    found: list[bool] = []
    may_look = threading.Event()

    def look() -> None:
        may_look.wait(5)
        found.append(thread.is_current)

    thread = ServiceThread("worker", look)
    may_look.set()
    thread.join(5)
    assert found == [True]
    assert not thread.is_current
