"""The page on paper: printed to PDF by a real browser, every plot is there and no table is cut."""

from __future__ import annotations

import base64
import io
import shutil
import time

import numpy as np
import pytest
from boards import Draft

pytest.importorskip("selenium", reason="selenium is not installed")
pytest.importorskip("PIL", reason="Pillow is not installed")
from PIL import Image
from selenium import webdriver

from recourse_arena.reporting.forms import render
from recourse_arena.reporting.page.page import plotting_library

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
if not CHROMIUM or not DRIVER or not plotting_library():
    pytest.skip("no Chromium with its driver, or no plots, on this machine", allow_module_level=True)

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --window-size=800,1130"
)
PLACES = """
const plots = [...document.querySelectorAll(".plot")];
plots.forEach((plot, i) => { plot.style.background = `rgb(255, ${250 - 6 * i}, 120)`; });
return plots.length
"""
"""Gives each plot a ground of its own colour, by which it is found on paper."""


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    draft = Draft(people=60)
    for solver in range(8):
        for count in (3, 1):
            draft.solve(f"hard-{count}", f"a-solver-with-a-long-name-{solver}", 0.2 + 0.1 * solver)
    file = folder / "leaderboard.html"
    file.write_text(render(draft.board(folder / "run"), "html", at=file), encoding="utf-8")
    return file


def picture(driver):
    return Image.open(io.BytesIO(base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"])))


def paper(driver, pdf):
    """Return all pages of a PDF below each other as the browser shows them, `(height, width, 3)`."""
    pages = pdf.read_bytes().count(b"/Type /Page\n")
    size = {"width": 500, "height": 720 * pages, "deviceScaleFactor": 1, "mobile": False}
    driver.get("about:blank")
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(f"{pdf.as_uri()}#toolbar=0&navpanes=0&view=FitH")
    before, shown, deadline = None, picture(driver), time.monotonic() + 20
    while time.monotonic() < deadline and (before != shown or np.asarray(shown.convert("L")).max() < 250):
        time.sleep(0.3)
        before, shown = shown, picture(driver)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return np.asarray(shown.convert("RGB")).astype(int)


def inked(pixels, plot):
    """Return which share of a plot's ground is drawn upon; nan where the plot is nowhere."""
    own = (np.abs(pixels - [255, 250 - 6 * plot, 120]) <= 2).all(2)
    if own.sum() < 200:
        return float("nan")
    rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
    return 1 - own[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean()


@pytest.mark.parametrize("scheme", ["light"])
def test_every_plot_is_on_paper_at_once(driver, page, tmp_path, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.get("about:blank")
    driver.get(page.as_uri())
    count = driver.execute_script(PLACES)
    pdf = tmp_path / "page.pdf"
    a4 = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
    pdf.write_bytes(base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", a4)["data"]))
    shown = paper(driver, pdf)
    shares = [inked(shown, plot) for plot in range(count)]
    assert count > 12
    assert all(share > 0.01 for share in shares), shares


def test_no_table_is_wider_than_the_paper(driver, page):
    driver.get("about:blank")
    driver.get(page.as_uri())
    driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    wide = "return [...document.querySelectorAll('table')].map((table) => table.getBoundingClientRect().width)"
    widths = driver.execute_script(wide)
    assert len(widths) > 3
    assert max(widths) <= 690
    assert driver.execute_script("return [...document.querySelectorAll('details:not(.values)')].every((d) => d.open)")
    driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert max(driver.execute_script(wide)) > 690
    assert not driver.find_element("id", "pairs").get_attribute("open")
