"""HTTP server of the live page, the metrics and the health check."""

from __future__ import annotations

import os
import socket
import tempfile
from typing import TYPE_CHECKING

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from nicegui import App

    from simnet.dashboard.state import State


def serve(
    connect: str,
    host: str,
    port: int,
    end_after_s: float | None = None,
    begins: Callable[[], None] = lambda: None,
    is_over: Callable[[], bool] = lambda: False,
    expected: str = "",
) -> None:
    """Subscribe to `connect` and serve `http://host:port/` until interrupted.

    With `end_after_s`, the server stops after this many seconds without an active run. `begins` is called when all checks have
    passed; the server stops once `is_over`. `expected` names the scenario of a run that is on its way.

    Raises:
        InputError: NiceGUI is not installed, `connect` is not an endpoint, or the port is in use.
    """
    app, ui = _library()
    from simnet.dashboard.state import Idle, State
    from simnet.wire.telemetry.telemetry_sockets import LiveSubscriber

    _check(host, port)
    state = State()
    state.expected = expected
    subscriber = LiveSubscriber(connect, state.take)
    _answer(state, connect)
    app.timer(1.0, lambda: app.shutdown() if subscriber.has_failed or is_over() else None)
    if end_after_s is not None:
        idle = Idle(state, end_after_s)
        app.timer(1.0, lambda: app.shutdown() if idle.is_over else None)
    try:
        begins()
        ui.run(
            host=host,
            port=port,
            title="simnet",
            dark=None,
            favicon="📡",
            reload=False,
            show=False,
            tailwind=False,
            show_welcome_message=False,
            reconnect_timeout=10.0,
        )
        subscriber.check()
    finally:
        subscriber.close()


def check_installed() -> None:
    """Raise InputError if the page's packages are not installed."""
    _library()


def _library() -> tuple[App, ModuleType]:
    """Return NiceGUI's application and its elements; InputError if it is not installed."""
    # NiceGUI stores none of our data, but by default it makes its storage folder in the working directory.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", os.path.join(tempfile.gettempdir(), "simnet-dashboard"))
    try:
        import prometheus_client  # noqa: F401
        from nicegui import app, ui
    except ImportError as error:
        raise InputError(f"simnet dashboard: {error.name} is not installed; pip install 'simnet[dashboard]'") from error
    return app, ui


def _answer(state: State, connect: str) -> None:
    """Register the routes of the page, the metrics and the health check."""
    from fastapi import Response
    from nicegui import app, ui
    from prometheus_client import CONTENT_TYPE_LATEST

    from simnet.dashboard import run_metrics
    from simnet.dashboard.live_page import Page

    @ui.page("/")
    def page(stream: str = "") -> None:
        Page(state, connect, stream)

    @app.get("/metrics")
    def exposition() -> Response:
        return Response(run_metrics.exposition(state), media_type=CONTENT_TYPE_LATEST)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"phase": state.phase}


def _check(host: str, port: int) -> None:
    # Without this check, the server would report the error in its log, in its own words.
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise InputError(f"{host}:{port}: cannot serve there ({os.strerror(error.errno or 0)})") from error
