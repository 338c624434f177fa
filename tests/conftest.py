"""What all tests share."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

# How long an example takes says more about who else uses the machine; what hangs, pytest-timeout ends.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

# Torch's threads wait for each other by spinning, which takes the cores from those who are waited for where others work too.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:  # every core has a worker of its own
    os.environ.setdefault("OMP_NUM_THREADS", "1")

MOST_WORKERS = 4
"""A worker needs up to 2 GB."""
HERE = Path(__file__).parent
LONGEST = (
    "test_readme.py",
    "test_findings.py",
    "test_shipped.py",
    "sweeps/test_sweep.py",
    "learn/test_published.py",
    "engine/test_crashes.py",
    "learn/test_loop.py",
    "learn/test_training.py",
    "engine/test_resume.py",
    "engine/test_machines.py",
    "test_cli.py",
    "codec/test_codecs.py",
    "codec/published/test_coding.py",
    "codec/published/test_import.py",
    "codec/dsin/test_dsin.py",
    "codec/test_video.py",
    "net/test_waiting.py",
    "world/test_rendered.py",
    "wire/test_sockets.py",
    "dashboard/test_browser.py",
)
"""Files that begin first where several workers share the tests, so that none of them is what all wait for at the end."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`pytest -n auto`: a worker for each core that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadFileScheduling":
    """Keep a file's tests together: they share what is costly to make, and the README's commands are a sequence."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        rank = {HERE / name: place for place, name in enumerate(LONGEST)}
        if gone := [str(file) for file in rank if not file.is_file()]:
            raise pytest.UsageError(f"{', '.join(gone)}: not there; expected LONGEST to name files of tests")
        items.sort(key=lambda item: rank.get(item.path, len(rank)))
