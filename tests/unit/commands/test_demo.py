"""`simnet demo`: page, run and browser; and whether a machine holds a pace."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from simnet import cli
from simnet.commands import command_parser, demo
from simnet.dashboard import server
from simnet.engine import rehearsal
from simnet.interrupts import CancelToken

SMALL = ["--set", "duration=200 ms", "--set", "streams.*.codec=jpeg"]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the browser was asked to open."""
    asked: list[str] = []
    monkeypatch.setattr(demo.webbrowser, "open", lambda url: asked.append(url) or True)
    return asked


def _fake(monkeypatch: pytest.MonkeyPatch, status: int, complaint: str = "") -> tuple[list[list[str]], list[Any]]:
    """Put a page and a run in place of the real ones."""
    started: list[list[str]] = []
    served: list[Any] = []

    def start(command: list[str], **_: object) -> SimpleNamespace:
        started.append(command)
        return SimpleNamespace(
            communicate=lambda: ("", complaint),
            returncode=status,
            terminate=lambda: None,
            kill=lambda: None,
            wait=lambda _=None: status,
        )

    def serve(*where: Any, begins: Callable[[], None], is_over: Callable[[], bool], expected: str) -> None:
        served.append(where)
        begins()
        ended = threading.Event()
        while not is_over():
            ended.wait(0.01)

    monkeypatch.setattr(demo.subprocess, "Popen", start)
    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(server, "check_installed", lambda: None)  # its import asks the system something
    monkeypatch.setattr(demo, "_answers", lambda _: True)
    return started, served


def test_demo_starts_page_run_and_browser(
    monkeypatch: pytest.MonkeyPatch, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    started, served = _fake(monkeypatch, 0)
    assert cli.main(["demo", "stereo_pair", *SMALL, "--realtime", "2", "--end-after", "0.01"]) == 0
    [command], [(endpoint, host, port)] = started, served
    assert opened == [f"http://{host}:{port}/"]
    run = command_parser.build().parse_args(command[command.index("run") :])
    assert (run.scenario, run.realtime, run.live, run.report) == ("stereo_pair", 2.0, endpoint, False)
    assert run.set == SMALL[1::2]
    assert "the run has ended" in capsys.readouterr().err


def test_demo_tells_why_its_run_failed_and_needs_no_browser(
    monkeypatch: pytest.MonkeyPatch, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _fake(monkeypatch, 1, "simnet: error: no room\n")
    asked = ["demo", "stereo_pair", *SMALL, "--no-browser", "--realtime", "2", "--end-after", "0.01"]
    assert cli.main(asked) == 0
    assert opened == []
    assert "simnet: error: no room\n" in capsys.readouterr().err


def test_demo_of_a_wrong_scenario_starts_nothing(monkeypatch: pytest.MonkeyPatch, opened: list[str]) -> None:
    started, served = _fake(monkeypatch, 0)
    assert cli.main(["demo", "stereo_pear"]) == 2
    assert (started, served, opened) == ([], [], [])


@pytest.mark.parametrize(
    ("work_s", "factor", "expected"),
    [(0.2, 1, "holds the pace"), (0.8, 1, "hardly holds"), (2.4, 1, "will not hold"), (2.4, 5, "holds the pace")],
)
def test_verdict_compares_work_and_pace(work_s: float, factor: float, expected: str) -> None:
    assert expected in rehearsal.verdict(work_s, factor)


def test_slower_pace_that_is_offered_would_hold() -> None:
    for work_s in (0.1, 0.7, 1.0, 2.4, 11.0):
        assert "holds the pace" in rehearsal.verdict(work_s * 0.999, rehearsal.slow_enough(work_s))


def test_rehearsal_measures_the_work_of_a_virtual_second(monkeypatch: pytest.MonkeyPatch) -> None:
    from simnet import scenario

    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(rehearsal.time, "monotonic", lambda: clock.now)

    def run(shortened: Any, _: object, options: Any) -> None:
        assert shortened.duration_ns <= 2_000_000_000
        for instant in range(4):
            clock.now += 5.0 if instant == 0 else 0.3  # the first opens codecs
            options.progress(instant * 100_000_000)

    monkeypatch.setattr(rehearsal.runner, "run", run)
    assert rehearsal.rehearse(scenario.load("stereo_pair")) == pytest.approx(3.0)


def test_rehearsal_ends_in_time_and_passes_on_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    from simnet import scenario

    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(rehearsal.time, "monotonic", lambda: clock.now)

    def run(_: object, __: object, options: Any) -> None:
        for instant in range(1000):
            clock.now += 4.0
            options.progress(instant * 100_000_000)
            options.cancel.raise_if_set()

    monkeypatch.setattr(rehearsal.runner, "run", run)
    assert rehearsal.rehearse(scenario.load("stereo_pair")) == pytest.approx(40.0)
    asked = CancelToken()
    asked.set()
    with pytest.raises(KeyboardInterrupt):
        rehearsal.rehearse(scenario.load("stereo_pair"), cancel=asked)
