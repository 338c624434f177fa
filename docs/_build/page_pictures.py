"""Makes the pictures of pages that README and docs show: python docs/_build/page_pictures.py RUN SWEEP.

    RUN    simnet run vehicle_platoon --set duration=2s --out RUN          report.png, report_streams.png, report_gain.png
    SWEEP  the README's sweep                                              sweep.png
           simnet demo, which this starts itself                           live.png

Needs Chromium and the packages of `[test]`. Look at what it made before you commit it.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent.parent
GALLERY, IMAGES = ROOT / "scenarios" / "gallery", ROOT / "docs" / "images"
COLOURS = 256
"""Colours of a picture: a third of the bytes. The method keeps rare ones, such as those of curves."""
LIVE_MS = 400_000
"""Longest wait for the live page's first whole seconds."""


def main(run: Path, sweep: Path) -> None:
    """Make all pictures."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        _live(browser)
        page = _opened(browser, run, 1100)
        _save(
            page.screenshot(clip={"x": 0, "y": 0, "width": 1100, "height": 1300}, full_page=True),
            GALLERY / "report.png",
        )
        for section, name in (("streams", "report_streams.png"), ("gain", "report_gain.png")):
            _save(page.locator(f"section#{section}").screenshot(), IMAGES / name)
        page = _opened(browser, sweep, 900)
        _save(
            page.screenshot(clip={"x": 0, "y": 0, "width": 900, "height": 950}, full_page=True), GALLERY / "sweep.png"
        )
        browser.close()


def _opened(browser: Browser, folder: Path, width: int) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="light")
    page.goto((folder / "report.html").resolve().as_uri())
    page.wait_for_timeout(3_000)
    return page


def _live(browser: Browser) -> None:
    """Show the demo's page once rates of three seconds are drawn."""
    command = [
        sys.executable,
        "-m",
        "simnet",
        "demo",
        "--no-browser",
        "--realtime",
        "1",
        "--set",
        "duration=4s",
        "--end-after",
        "1",
    ]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr is not None
        address = next(found[0] for line in demo.stderr if (found := re.search(r"http://\S+", line)))
        page = browser.new_page(viewport={"width": 1280, "height": 1180}, color_scheme="light")
        page.goto(address)
        page.wait_for_function("/3[.]\\d of 4 s/.test(document.body.innerText)", timeout=LIVE_MS)
        page.wait_for_timeout(1_000)
        _save(page.screenshot(), GALLERY / "live.png")
        demo.terminate()


def _save(png: bytes, path: Path) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
