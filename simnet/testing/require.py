"""Assertions and runner of the conformance checks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def require(holds: object, text: str) -> None:
    """Raise an AssertionError with `text` unless `holds`; Python's -O would remove plain asserts."""
    if not holds:
        raise AssertionError(text)


@contextmanager
def refused(kind: type[Exception], text: str) -> Iterator[None]:
    """Require that the block raises `kind`; `text` names the input."""
    try:
        yield
    except kind:
        return
    except Exception as error:
        raise AssertionError(f"{text}: raises {type(error).__name__} ({error}); expected {kind.__name__}") from error
    raise AssertionError(f"{text}: is taken; expected {kind.__name__}")


def run(checks: Iterable[Callable[[Any], None]], subject: object) -> None:
    """Run checks on a subject in order.

    Raises:
        AssertionError: A check fails or raises another error; the text begins with the check's name.
    """
    for check in checks:
        try:
            check(subject)
        except AssertionError as error:
            raise AssertionError(f"{check.__name__}: {error}") from error
        except Exception as error:
            raise AssertionError(f"{check.__name__}: raises {type(error).__name__}: {error}") from error
