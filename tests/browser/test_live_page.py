"""The live page works in Chromium: waiting, running, choosing a stream, and after the end."""

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zmq

from simnet.wire.telemetry.telemetry_messages import Published
from simnet.wire.telemetry.telemetry_sockets import LivePublisher
from support.places import SCREENSHOTS
from support.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def free_port() -> int:
    with zmq.Context() as context, context.socket(zmq.REP) as probe:
        return probe.bind_to_random_port("tcp://127.0.0.1")


@pytest.fixture
def endpoint() -> str:
    return f"tcp://127.0.0.1:{free_port()}"


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture
def url(endpoint: str, tmp_path: Path) -> Iterator[str]:
    """A dashboard that watches `endpoint`."""
    port = free_port()
    command = [sys.executable, "-m", "simnet", "dashboard", "--connect", endpoint, "--port", str(port)]
    # NiceGUI behaves in another way where it sees pytest.
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "NICEGUI"))}
    process = subprocess.Popen(command, cwd=tmp_path, env=own | {"TMPDIR": str(tmp_path)})
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(f"{url}/healthz") or process.poll() is not None)
        yield url
    finally:
        process.terminate()
        process.wait(20)
    assert not list(tmp_path.glob(".nicegui")), "nothing is written where it is started"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator["BrowserContext"]:
    """A Chromium with a window of a desk's width."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here, so nobody saw the page: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            args=FLAGS,
            viewport={"width": 1280, "height": 1400},
            color_scheme="light",
        )
        yield context
        context.close()


# Chromium's driver leaves its pipes to the collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_live_page_shows_a_run_from_start_to_end(
    browser: "BrowserContext", url: str, endpoint: str, beginning: list[Published], ending: Published
) -> None:
    from playwright.sync_api import expect

    said: list[str] = []
    page = open_page(browser, url, said)
    expect(page.get_by_text("waiting for a run", exact=True)).to_be_visible()
    expect(page.get_by_text(endpoint).first).to_be_visible()

    publisher = LivePublisher(endpoint, beginning[0])
    try:
        expect(page.get_by_role("heading", name="watched")).to_be_visible()
        for told in beginning:
            publisher.put(lambda told=told: told)
        expect(page.get_by_text("running", exact=True)).to_be_visible()
        expect(page.get_by_role("img", name="Map of 3 nodes and 2 links")).to_be_visible()
        expect(page.get_by_text("from mast_1 to mast_2")).to_be_attached()
        choose(page, "van/front")
        expect(page.locator("tr.chosen")).to_contain_text("van/front")
        expect(page.locator(".pictures figcaption").nth(1)).to_contain_text("with car/<front>, 100 ms apart")
        expect(page.locator("canvas")).to_have_count(2)
        assert widths_of_pictures(page) == [96, 96]
        publisher.put(lambda: ending)
    finally:
        publisher.close()
    expect(page.get_by_text("ended", exact=True)).to_be_visible()
    expect(page.locator("tr.chosen")).to_contain_text("van/front")
    keep(page, "desk")

    # Whoever opens the page afterwards, on a telephone in the dark, sees the end of the run.
    late = open_page(browser, f"{url}/?stream=van/front", said)
    late.emulate_media(color_scheme="dark")
    late.set_viewport_size({"width": 390, "height": 800})
    expect(late.get_by_text("ended", exact=True)).to_be_visible()
    expect(late.locator("tr.chosen")).to_contain_text("van/front")
    assert widths_of_pictures(late) == [96, 96]
    assert late.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    red, green, blue = map(
        int, re.findall(r"\d+", late.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]
    )
    assert red + green + blue < 150
    keep(late, "phone")
    assert said == []


def open_page(browser: "BrowserContext", url: str, said: list[str]) -> "Page":
    """Open `url`; what its console says and whom else it asks goes into `said`."""
    page = browser.new_page()
    own = url.partition("/?")[0]
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((own, "data:")) else said.append(request.url))
    page.goto(url)
    return page


def keep(page: "Page", name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"dashboard-{name}.png", full_page=True)


def choose(page: "Page", stream: str) -> None:
    page.get_by_label("Stream").click()
    page.get_by_role("option", name=stream).click()


def widths_of_pictures(page: "Page") -> list[int]:
    page.wait_for_function("[...document.querySelectorAll('.pictures img')].every(image => image.naturalWidth > 0)")
    return page.evaluate("[...document.querySelectorAll('.pictures img')].map(image => image.naturalWidth)")


def test_dashboard_serves_prometheus_metrics(url: str) -> None:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/plain")
        assert b'simnet_run_info{phase="waiting"} 1.0' in answer.read()


def test_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "simnet", "dashboard", "--connect", "tcp://127.0.0.1:5570", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr == f"simnet: error: 127.0.0.1:{port}: cannot serve there (Address already in use)\n"
