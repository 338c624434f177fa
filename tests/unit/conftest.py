"""Unit tests start no process of Python."""

import subprocess
import sys
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    start = subprocess.Popen.__init__

    def refuse(process: subprocess.Popen, arguments: Any, *rest: Any, **options: Any) -> None:
        # Libraries may ask the system something as they are imported, as numpy.testing asks lscpu.
        assert sys.executable not in arguments, "expected no process in a unit test; tests/system starts some"
        start(process, arguments, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
