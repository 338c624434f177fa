"""How a check says that something is wrong."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def require(holds: object, text: str) -> None:
    """Raise an AssertionError with `text` unless `holds`; plain asserts would go with Python's -O."""
    if not holds:
        raise AssertionError(text)


@contextmanager
def refused(kind: type[Exception], text: str) -> Iterator[None]:
    """Require that what is done here raises `kind`; `text` says what was given."""
    try:
        yield
    except kind:
        return
    except Exception as error:
        raise AssertionError(f"{text}: raises {type(error).__name__} ({error}); expected {kind.__name__}") from error
    raise AssertionError(f"{text}: is taken; expected {kind.__name__}")


def run(checks: Iterable[Callable[[Any], None]], subject: object) -> None:
    """Run checks on a subject, one after the other.

    Raises:
        AssertionError: One does not hold, or something else was raised there; it begins with the check's name.
    """
    for check in checks:
        try:
            check(subject)
        except AssertionError as error:
            raise AssertionError(f"{check.__name__}: {error}") from error
        except Exception as error:
            raise AssertionError(f"{check.__name__}: raises {type(error).__name__}: {error}") from error
