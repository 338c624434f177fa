"""Processor time is shared out among the parts of a run, and adds up to what its processes took."""

import time

import pytest

from simnet import library_threads
from simnet.engine.timing import core_budget
from simnet.engine.timing.core_budget import ENGINE, LINK, CoreBudget
from simnet.engine.timing.thread_timer import AWAY, CORES, ThreadTimer


def _work(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_inner_parts_do_not_count_twice() -> None:
    timer = ThreadTimer()
    with timer.part(LINK):
        _work(0.01)
        with timer.part(ENGINE), library_threads.elsewhere():
            _work(0.03)
    spent = timer.seconds
    assert spent[LINK + CORES] == pytest.approx(0.01, abs=0.005)
    assert spent[ENGINE + CORES] == pytest.approx(0.03, abs=0.005)
    assert spent[LINK + AWAY] == 0.0
    assert spent[ENGINE + AWAY] >= 0.03
    assert spent[LINK] >= spent[ENGINE]


def test_parts_add_up_to_what_the_processes_took(monkeypatch: pytest.MonkeyPatch) -> None:
    native_s, drawn_s = iter((1.0, 1.4)), iter((2.0, 2.5))
    monkeypatch.setattr(core_budget, "native_seconds", lambda: next(native_s))
    processor_s = iter((3.0, 5.0, 5.1))
    monkeypatch.setattr(core_budget, "process_time", lambda: next(processor_s))
    budget = CoreBudget(lambda: next(drawn_s))
    budget.starts()
    told = {"encoding" + CORES: 0.5, "encoding" + AWAY: 3.0, "decoding" + CORES: 0.2, "decoding" + AWAY: 1.0}
    budget.ends({**told, "world frames" + CORES: 0.1})
    assert budget.told() == {
        "start-up": 5.0,
        "engine": pytest.approx(2.0 - 0.5 - 0.2 - 0.1 - 0.4),
        "render": pytest.approx(0.6),
        "encode": pytest.approx(0.5 + 0.3),
        "link": 0.0,
        "decode": pytest.approx(0.2 + 0.1),
        "score": 0.0,
        "write": pytest.approx(0.1),
    }
