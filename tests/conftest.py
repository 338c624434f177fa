"""What all tests share."""

import os
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# Whoever starts the suite in the background of a shell has interrupts ignored, here and in all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about who else uses the machine; what hangs, pytest-timeout ends.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

# Torch's threads wait for each other by spinning, which takes the cores from those who are waited for where others work too.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:  # every core has a worker of its own
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Compiled networks serve all tests, and the tests after the next change; not the user's own folder.
os.environ.setdefault("SIMNET_CACHE", str(Path(__file__).parent.parent / ".pytest_cache" / "simnet"))
# Python would compile every module for every process that a test starts.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

MOST_WORKERS = 4
"""A worker needs up to 2 GB."""
KINDS = ("system", "browser", "fuzz", "integration", "unit")
"""Folders of tests and their markers, the costliest first."""
FIRST = ("test_documentation.py", "test_expectations.py", "test_crashes.py", "test_rendered_runs.py", "test_sweep.py")
"""Files of `system` that take a worker minutes: they begin before all others, so that none is alone at the end."""
OTHERS = ("benchmarks", "fingerprints")
"""Folders without a marker."""
HERE = Path(__file__).parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`pytest -n auto`: a worker for each core that this process may use, and one more, as some always wait for a timeout."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 1, MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the folder that it stands in, and let the costliest kinds begin first."""
    for item in items:
        if (kind := _folder(item)) in KINDS:
            item.add_marker(kind)
        elif kind not in OTHERS:
            raise pytest.UsageError(f"{item.path}: expected a test in one of {', '.join(KINDS + OTHERS)}")
    items.sort(key=_turn)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """Skip a test whose fixtures need CompressAI where it cannot be installed."""
    with _skipping_without_compressai():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Skip a test that needs CompressAI where it cannot be installed."""
    with _skipping_without_compressai():
        return (yield)


@contextmanager
def _skipping_without_compressai() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if "the package compressai is not installed" in str(error) and find_spec("compressai") is None:
            pytest.skip("needs compressai, which is not installed")
        raise


def pytest_terminal_summary(terminalreporter) -> None:
    """Say how many inputs each fuzz target tried."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    for line in sorted(value for report in reports for key, value in report.user_properties if key == "fuzz"):
        terminalreporter.write_line(line)


def _turn(item: pytest.Item) -> tuple[int, int]:
    """The place of the test's file in `FIRST`, then of its folder in `KINDS`."""
    place = FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST)
    return place, (*KINDS, *OTHERS).index(_folder(item))


def _folder(item: pytest.Item) -> str:
    """The name of the folder in `tests` that the test stands in."""
    return item.path.relative_to(HERE).parts[0]
