"""A board in a real browser: filtered, sorted, on a phone, in the dark, on paper, and quick with many entries."""

from __future__ import annotations

import shutil

import pytest
from made_boards import large_board

pytest.importorskip("selenium", reason="selenium is not installed")
from selenium import webdriver
from selenium.webdriver.common.by import By

from recourse_arena.board.page.page import board_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
if not CHROMIUM or not DRIVER:
    pytest.skip("no Chromium with its driver on this machine", allow_module_level=True)

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --force-prefers-reduced-motion --window-size=1280,900"
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    file = tmp_path_factory.mktemp("board") / "index.html"
    file.write_text(board_page(large_board(12, 1, 2, people=40, told=False).board("Open <b>board")), encoding="utf-8")
    return file.as_uri()


def show(driver, address, width=1280, dark=False, scripts=True):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
    driver.get(address)


def names(driver, table=".all"):
    return [
        row.get_attribute("data-name") for row in driver.find_elements(By.CSS_SELECTOR, f"{table} tbody tr:not(.gone)")
    ]


def test_pools_and_names_filter_every_part_and_headings_sort(driver, address):
    show(driver, address)
    everybody = names(driver)
    assert len(everybody) == 12
    driver.find_element(By.CSS_SELECTOR, "#pools input[value='flow']").click()
    left = names(driver)
    assert len(left) == 10
    assert names(driver, ".duels") == left
    assert len(driver.find_elements(By.CSS_SELECTOR, ".duels tbody tr:not(.gone):first-child td:not(.gone)")) == 10
    marks = driver.find_elements(By.CSS_SELECTOR, "#frontier circle:not(.gone)")
    assert {mark.get_attribute("data-name") for mark in marks} <= set(left)
    driver.find_element(By.ID, "search").send_keys("method-07")
    assert names(driver) == ["method-07?epochs=57&width=64"]
    driver.find_element(By.ID, "search").clear()
    driver.find_element(By.ID, "search").send_keys("nobody")
    assert driver.find_element(By.ID, "nothing").is_displayed()
    show(driver, address)
    heads = driver.find_elements(By.CSS_SELECTOR, ".all thead button")
    heads[7].click()  # milliseconds
    assert names(driver) != everybody
    cells = driver.find_elements(By.CSS_SELECTOR, ".all tbody td:nth-child(8)")
    times = [float(cell.get_attribute("data-value")) for cell in cells]
    assert times == sorted(times)
    heads[7].click()
    assert driver.find_element(By.CSS_SELECTOR, ".all th[aria-sort]").get_attribute("aria-sort") == "descending"
    assert driver.get_log("browser") == []


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (375, True)])
def test_nothing_is_wider_than_the_screen_and_the_dark_is_dark(driver, address, width, dark):
    show(driver, address, width, dark)
    driver.execute_script("for (const part of document.querySelectorAll('details')) part.open = true")
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    ground = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (not dark)


def test_without_scripts_all_is_there_but_what_chooses(driver, address):
    show(driver, address, scripts=False)
    try:
        assert len(names(driver)) == 12
        assert not driver.find_element(By.ID, "choice").is_displayed()
        contest = driver.find_element(By.CSS_SELECTOR, "details.contest summary")
        contest.click()
        assert driver.find_element(By.CSS_SELECTOR, "details.contest table").is_displayed()
    finally:
        show(driver, address)


def test_on_paper_every_contest_is_unfolded(driver, address):
    show(driver, address)
    driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert not driver.find_elements(By.CSS_SELECTOR, "details:not([open])")
    driver.execute_script("dispatchEvent(new Event('afterprint'))")
    assert len(driver.find_elements(By.CSS_SELECTOR, "details.contest:not([open])")) == 2
