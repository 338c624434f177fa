"""A sweep's page works in Chromium when opened from disk: figures, choices, downloads, no errors."""

import csv
import io
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from simnet import report
from support import sweep_folders as made
from support.places import SCREENSHOTS

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
DRAWN = """() => Object.fromEntries([...document.querySelectorAll(".canvas")].map((chart) => [
    chart.id, [...chart.querySelectorAll(".plot path")].filter((it) => it.getBBox().width + it.getBBox().height > 1).length]))"""
LIGHT_LETTERS = """() => [...document.querySelectorAll(".canvas .xtitle")].every(
    (it) => getComputedStyle(it).fill.match(/\\d+/g).every((part) => Number(part) > 200))"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator["BrowserContext"]:
    """A Chromium with a window of a desk's width and no network."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here, so nobody saw the page: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=FLAGS, viewport={"width": 1280, "height": 1000},
            color_scheme="light", offline=True,
        )  # fmt: skip
        yield context
        context.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The page of a sweep with pictures, a cell that failed and one that is missing."""
    folder = made.sweep(tmp_path / "sweep", codecs=("atn", "hevc", "jpeg"), seeds=(0, 1), frames=30, pictures=True)
    failed, missing = made.cells_of(folder)[0], made.cells_of(folder)[-1]
    for each in (failed, missing):
        shutil.rmtree(folder / "cells" / each.cell)
    made.ask(folder, made.failing(failed, "links.uplink_0: no packet fits"))
    return report.write(folder)


# Chromium's driver leaves its pipes to the collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_sweep_page_works_from_disk(browser: "BrowserContext", path: Path) -> None:
    said: list[str] = []
    page = opened(browser, path, said)
    drawn = page.evaluate(DRAWN)
    assert len(drawn) == 9
    assert all(marks > 0 for marks in drawn.values()), drawn
    keep(page, "desk")

    choose(page)
    take(page)
    phone(page)
    dark(page)
    paper(page, path.parent)
    assert said == []


def opened(browser: "BrowserContext", path: Path, said: list[str]) -> "Page":
    """Open the page; what its console says and whom else it asks goes into `said`."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith(("file:", "data:", "blob:")) else said.append(request.url),
    )
    page.goto(path.as_uri())
    until(page, "[...document.querySelectorAll('.canvas')].every(it => it.querySelector('.main-svg'))")
    return page


def until(page: "Page", expression: str) -> None:
    """Wait until it holds. The page forbids what playwright's own way of waiting takes: text made into code."""
    deadline = time.monotonic() + 30
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


def choose(page: "Page") -> None:
    """A stream, an anchor, a bandwidth: figures, tables and pictures follow."""
    from playwright.sync_api import expect

    # On a busy machine a browser may take its time.
    expect.set_options(timeout=30_000)
    expect(page.locator(".verdict:visible li").first).to_contain_text("38 % less bandwidth than hevc")
    page.locator("#stream").select_option("leader/front")
    expect(page.get_by_text("Figures, leader/front")).to_be_visible()
    page.locator("#anchor").select_option("hevc")
    expect(page.get_by_text("BD-rate against hevc", exact=True).locator("visible=true")).to_have_count(1)
    page.locator("#setting-pictures").fill("3")
    expect(page.locator("#picture-words")).to_contain_text("800 kbit/s")
    expect(page.locator("#setting-times")).to_have_value("3")
    until(page, "[...document.querySelectorAll('#picture-grid img, .wipe img')].every(it => it.naturalWidth > 0)")
    assert page.locator("#picture-grid img").count() == 4
    before = page.locator("#wipe-over").evaluate("it => getComputedStyle(it).clipPath")
    page.locator("#wipe-at").fill("20")
    assert page.locator("#wipe-over").evaluate("it => getComputedStyle(it).clipPath") != before
    page.locator("#stream").select_option("all streams together")


def take(page: "Page") -> None:
    """Every figure as CSV, one of each kind as PNG, and all rows."""
    names = page.eval_on_selector_all("[data-csv]", "all => all.map(it => it.dataset.csv)")
    assert len(names) == page.locator("[data-png]").count() == 9
    for name in names:
        rows = list(csv.DictReader(io.StringIO(download(page, f'[data-csv="{name}"]').decode())))
        assert rows, name
        assert all(None not in row for row in rows)
    for name in ("plot-psnr-offered", "plot-age", "plot-outcomes"):
        with Image.open(io.BytesIO(download(page, f'[data-png="{name}"]'))) as image:
            assert image.format == "PNG"
            assert image.width == 1800
            assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 10, f"{name} is not empty"
    rows = list(csv.DictReader(io.StringIO(download(page, '[data-csv="plot-psnr-offered"]').decode())))
    x, y = (next(name for name in rows[0] if name.startswith(start)) for start in ("bandwidth", "PSNR"))
    drawn = {(row["curve"], float(row[x])): float(row[y]) for row in rows}
    expected = sum(made.quality_db("hevc", 400, seed) for seed in range(2)) / 2
    assert drawn["hevc", 400] == pytest.approx(expected, abs=0.001)
    assert len(drawn) == 12
    table = list(csv.DictReader(io.StringIO(download(page, "#all-rows").decode())))
    assert len(table) == (24 - 2) * 2
    assert {row["codec"] for row in table} == {"atn", "hevc", "jpeg"}


def download(page: "Page", selector: str) -> bytes:
    """A button's file; Chromium drops every tenth download or so of a page that asks for ten a second."""
    page.wait_for_timeout(300)
    with page.expect_download() as caught:
        page.locator(selector).click()
    return Path(caught.value.path()).read_bytes()


def phone(page: "Page") -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    until(page, "[...document.querySelectorAll('.canvas .main-svg')].every(it => it.clientWidth <= innerWidth)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen"
    keep(page, "phone")


def dark(page: "Page") -> None:
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1280, "height": 1000})
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", colour)[:3])) < 150
    until(page, LIGHT_LETTERS)
    keep(page, "dark")


def paper(page: "Page", folder: Path) -> None:
    page.emulate_media(color_scheme="light", media="print")
    assert not page.locator("[data-csv]:visible, input[type=range]:visible").count()
    assert page.pdf(path=folder / "page.pdf", format="A4").startswith(b"%PDF")
    page.emulate_media(media="screen")


def keep(page: "Page", name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"sweep-{name}.png", full_page=True)
