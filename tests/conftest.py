"""What all tests share."""

import os
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
LONGEST = ("test_readme.py",)
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
        rank = {name: place for place, name in enumerate(LONGEST)}
        items.sort(key=lambda item: rank.get(item.path.name, len(rank)))
