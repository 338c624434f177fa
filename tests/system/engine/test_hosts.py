"""Host processes: their nodes, memory, errors and temporary files."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simnet.codec.still.pillow_codecs import ClassicalEncoder
from simnet.engine.remote import launcher
from simnet.engine.remote.placement import plan_hosts
from simnet.errors import ModelError
from simnet.records import Scenario
from support.tiny_runs import Ran, change_streams


@pytest.mark.parametrize("hosts", [0, 1, 2, 3, 9])
def test_every_node_is_on_exactly_one_host(tiny: Scenario, hosts: int) -> None:
    plans = plan_hosts(tiny, hosts)
    assert sorted(stream for plan in plans for stream in plan.streams) == ["car/a", "van/b"]
    assert sum(plan.fusion for plan in plans) == 1
    assert len(plans) <= 3


def test_failing_run_does_not_wait_for_stuck_host(
    tiny: Scenario, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, failed_at = threading.Event(), []
    monkeypatch.setattr(ClassicalEncoder, "encode", lambda *_: stuck.wait(20))

    def fail(now_ns: int) -> None:
        failed_at.append(time.monotonic())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tiny, progress=fail)
    assert time.monotonic() - failed_at[0] < 15  # the host is stuck for 20
    stuck.set()


def test_error_in_a_process_keeps_its_owner(
    tiny: Scenario, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simnet.codec.declared_times", lambda *_: (0, 0))  # else it is found before the process starts
    with pytest.raises(ModelError, match="unknown codec"):
        run(change_streams(tiny, codec="mpeg1"), hosts=1)


def test_peak_memory_includes_hosts(tiny: Scenario, run: Callable[..., Ran]) -> None:
    alone, spread = (run(tiny, hosts=hosts).result.summary["peak_rss_mb"] for hosts in (0, 1))
    assert spread > alone + 30


def test_run_leaves_nothing_in_the_temporary_folder(
    tiny: Scenario, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("t")
    monkeypatch.setattr(launcher.tempfile, "tempdir", str(place))
    run(tiny, hosts=1)
    assert list(Path(place).iterdir()) == []
