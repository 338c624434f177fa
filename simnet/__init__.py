"""simnet: a simulator of distributed camera networks with real codecs.

frame -> bitstream -> delivery -> picture -> row. Importing this package imports nothing heavy: what Python users take from it
(`simnet.load`, `run`, `sweep`, `evaluate`, `Report`) comes from `simnet.api` when it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simnet.api import EvaluationReport as EvaluationReport
    from simnet.api import Report as Report
    from simnet.api import RunReport as RunReport
    from simnet.api import SweepReport as SweepReport
    from simnet.api import evaluate as evaluate
    from simnet.api import load as load
    from simnet.api import run as run
    from simnet.api import sweep as sweep

from simnet.version import __version__

__all__ = [
    "EvaluationReport",
    "Report",
    "RunReport",
    "SweepReport",
    "__version__",
    "evaluate",
    "load",
    "run",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module("simnet.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
