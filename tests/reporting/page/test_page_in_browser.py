"""The page in a real browser: what a mouse, a keyboard, a phone and a dark room make of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from boards import EVIL, Draft, keep_lasting
from shared_actions import MenuDraft

pytest.importorskip("selenium", reason="selenium is not installed")
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from recourse_arena.reporting.forms import render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.page.page import plotting_library

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
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    draft = Draft(people=120)
    for count, share in (("4", 0.9), ("3", 0.7), ("1", 0.3)):
        draft.solve(f"hard-{count}", "careful", share, cost=1.0).solve(f"hard-{count}", EVIL, share / 3, cost=0.2)
    draft.end("hard-4", "broken", "failed", "it broke").solve("soft-linear", "careful", 0.5, dataset="city")
    file = folder / "leaderboard.html"
    file.write_text(render(draft.board(folder / "run"), "html", at=file), encoding="utf-8")
    return file


@pytest.fixture
def shown(driver, page):
    """Show the page anew, wide and light; afterwards nothing may have gone wrong or asked the network."""

    def show(width=1280, dark=False, address=""):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        driver.get("about:blank")
        driver.get(f"{page.as_uri()}{address}")
        return driver

    driver.get("about:blank")
    driver.get_log("browser"), driver.get_log("performance")
    yield show
    assert driver.get_log("browser") == []
    asked = [
        entry["message"] for entry in driver.get_log("performance") if "Network.requestWillBeSent" in entry["message"]
    ]
    assert not [message for message in asked if '"url":"http' in message or '"url":"ws' in message]


@pytest.mark.skipif(not plotting_library(), reason="vl-convert-python is not installed")
@pytest.mark.parametrize("width", [1280, 375])
def test_the_price_of_lasting_is_drawn_and_nothing_is_wider_than_the_screen(driver, tmp_path, width):
    draft = Draft(people=60)
    for place, solver in enumerate(("careful", "careful?margin_sd=0.1", "careful?margin_sd=0.5")):
        draft.solve("hard-2", solver, 0.9 - 0.1 * place, cost=1 + place)
    draft.write(tmp_path / "run")
    run = keep_lasting(tmp_path / "run", {"a?long=name&of=a&change=1": ("a-1", "a-2"), "quantized": ("ptq-8",)})
    file = tmp_path / "page.html"
    file.write_text(render(Leaderboard.of([run]), "html"), encoding="utf-8")
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(file.as_uri())
    driver.get_log("browser")
    for box in driver.find_elements(By.CSS_SELECTOR, "#lasting .plot"):
        driver.execute_script("arguments[0].scrollIntoView()", box)
    drawn = "#lasting .plot[data-drawn='done'] svg"
    WebDriverWait(driver, 15).until(lambda d: len(d.find_elements(By.CSS_SELECTOR, drawn)) == 2)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.get_log("browser") == []


@pytest.mark.skipif(not plotting_library(), reason="vl-convert-python is not installed")
@pytest.mark.parametrize("width", [1280, 375])
def test_menus_are_drawn_for_the_scenario_that_is_chosen_and_nothing_is_wider_than_the_screen(driver, tmp_path, width):
    draft, race = MenuDraft(), ["White", "Black"] * 30
    for size in (1, 4):
        for solver in ("menu", "climb?of=a&long=name"):
            draft.offer(f"menu-{size}", solver, np.full((60, size), 0.4 / size), race=race)
    draft.alone("soft-constant", "individual", np.full(60, 0.05), race=race)
    file = tmp_path / "page.html"
    file.write_text(render(draft.board(tmp_path / "run"), "html"), encoding="utf-8")
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(file.as_uri())
    driver.get_log("browser")
    for count, scenario in ((3, "menu-4"), (2, "soft-constant")):
        Select(driver.find_element(By.ID, "scenario")).select_by_value(scenario)
        for box in driver.find_elements(By.CSS_SELECTOR, "#menus .plot"):
            driver.execute_script("arguments[0].scrollIntoView()", box)
        WebDriverWait(driver, 15).until(
            lambda d, n=count: len(d.find_elements(By.CSS_SELECTOR, "#menus .plot[data-drawn='done'] svg")) == n
        )
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.get_log("browser") == []


def rows(driver):
    found = driver.find_elements(By.CSS_SELECTOR, "#table tbody:not([hidden]) tr[data-solver]")
    return [row.get_attribute("data-solver") for row in found if row.is_displayed()]


def heading(driver, name):
    return driver.find_element(By.CSS_SELECTOR, f'#table th[data-sort="{name}"]')


def drawn(driver, section):
    plots = f"#{section} .plot"
    driver.execute_script(f"document.querySelector('#{section}').scrollIntoView()")
    WebDriverWait(driver, 15).until(lambda d: d.find_elements(By.CSS_SELECTOR, f"{plots}[data-drawn='done'] svg"))
    return driver.find_elements(By.CSS_SELECTOR, f"{plots} svg")


def test_headings_sort_and_rank_and_say_so(shown):
    driver = shown()
    assert rows(driver) == ["careful", EVIL, "broken"]
    assert heading(driver, "attainability").get_attribute("aria-sort") == "descending"
    heading(driver, "cost_mean").find_element(By.CLASS_NAME, "sort").click()
    assert rows(driver) == [EVIL, "careful", "broken"]
    assert heading(driver, "cost_mean").get_attribute("aria-sort") == "ascending"
    assert heading(driver, "attainability").get_attribute("aria-sort") is None
    ranks = [
        cell.text
        for cell in driver.find_elements(By.CSS_SELECTOR, "#table tbody:not([hidden]) td.rank")
        if cell.is_displayed()
    ]
    assert ranks == ["1 of 2", "2 of 2", "\N{EN DASH}"]
    heading(driver, "cost_mean").find_element(By.CLASS_NAME, "sort").click()
    assert rows(driver) == ["careful", EVIL, "broken"]
    assert "ranked by cost" in driver.find_element(By.ID, "sorted").get_attribute("textContent")


def test_dataset_and_scenario_are_chosen_and_kept_in_the_address(shown):
    driver = shown()
    Select(driver.find_element(By.ID, "scenario")).select_by_value("hard-1")
    assert "scenario=hard-1" in driver.current_url
    assert rows(driver) == ["careful", EVIL]
    Select(driver.find_element(By.ID, "dataset")).select_by_value("city")
    assert rows(driver) == ["careful"]
    assert driver.find_element(By.ID, "standings-title").text == "Standings: soft-linear on city"
    assert rows(shown(address="#dataset=town&scenario=hard-3&by=solver")) == [EVIL, "careful"]


def test_solvers_are_found_by_name_and_hidden_by_their_chips(shown):
    driver = shown()
    driver.find_element(By.ID, "search").send_keys("CARE")
    assert rows(driver) == ["careful"]
    driver.find_element(By.ID, "search").send_keys("x")
    assert rows(driver) == []
    assert driver.find_element(By.ID, "nothing").is_displayed()
    driver.find_element(By.ID, "search").clear()
    driver.find_element(By.ID, "search").send_keys(" ", Keys.BACKSPACE)
    chip = next(c for c in driver.find_elements(By.CLASS_NAME, "chip") if c.text == "careful")
    chip.click()
    assert rows(driver) == [EVIL, "broken"]


def test_a_mark_under_the_mouse_names_solver_and_values(shown):
    driver = shown()
    svg = drawn(driver, "trade-off")[0]
    marks = svg.find_elements(By.CSS_SELECTOR, "path[aria-roledescription='point']")
    ActionChains(driver).move_to_element(marks[-1]).perform()
    tip = WebDriverWait(driver, 5).until(lambda d: d.find_element(By.CSS_SELECTOR, "#vg-tooltip-element.visible"))
    assert EVIL in tip.text or "careful" in tip.text
    assert "hard-4" in tip.text
    assert "valid" in tip.text
    assert not driver.find_elements(By.TAG_NAME, "img")


def test_every_plot_is_drawn_and_described_and_has_its_values_as_a_table(shown):
    driver = shown()
    for section in ("trade-off", "features", "density", "groups", "outcomes"):
        assert drawn(driver, section), section
    assert (
        driver.find_element(By.CSS_SELECTOR, "#trade-off .plot")
        .get_attribute("aria-label")
        .startswith("plausibility against")
    )
    summary = driver.find_element(By.CSS_SELECTOR, "#features .values summary")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", summary)
    summary.click()
    assert "careful" in driver.find_element(By.CSS_SELECTOR, "#features .values table").text
    assert not driver.find_elements(By.TAG_NAME, "img")


def test_the_keyboard_alone_sorts_and_explains(shown):
    driver = shown()
    button = heading(driver, "validity").find_element(By.CLASS_NAME, "sort")
    driver.execute_script("arguments[0].focus()", button)
    ActionChains(driver).send_keys(Keys.ENTER).perform()
    assert heading(driver, "validity").get_attribute("aria-sort") == "descending"
    ActionChains(driver).send_keys(Keys.TAB, Keys.ENTER).perform()
    dialog = driver.find_element(By.ID, "definition")
    assert dialog.is_displayed()
    assert "breaks no constraint" in dialog.text
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    assert not dialog.is_displayed()


def test_everything_that_acts_has_a_name(shown):
    driver = shown()
    for element in driver.find_elements(By.CSS_SELECTOR, "button, input, select, a, summary, [role=region]"):
        if element.is_displayed():
            assert element.accessible_name, element.get_attribute("outerHTML")[:200]


def test_groups_are_shown_with_small_ones_marked(shown):
    driver = shown()
    drawn(driver, "groups")
    Select(driver.find_element(By.ID, "attribute")).select_by_value("town")
    words = driver.find_element(By.ID, "groups-table").text
    assert f"{EVIL} 20 people, small" in words
    assert "elsewhere 100 people" in words


def test_pairs_say_who_is_better_than_whom(shown):
    driver = shown()
    driver.find_element(By.CSS_SELECTOR, "#pairs summary").click()
    assert "careful is better" in driver.find_element(By.ID, "pairs-table").text


def test_failures_are_told_in_the_table_and_below(shown):
    driver = shown()
    assert "failed: it broke" in driver.find_element(By.ID, "table").text
    assert "it broke" in driver.find_element(By.ID, "troubles").text
    assert "failed" in driver.find_element(By.ID, "overview-table").text


@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_never_scrolls_sideways(shown, width):
    driver = shown(width)
    for section in ("trade-off", "features", "density", "groups", "outcomes"):
        drawn(driver, section)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_dark_room_gets_a_dark_page(shown):
    driver = shown(dark=True)
    brightness = "const [r, g, b] = getComputedStyle(document.body).{}.match(/\\d+/g).map(Number); return r + g + b"
    assert driver.execute_script(brightness.format("backgroundColor")) < 120
    assert driver.execute_script(brightness.format("color")) > 600
    drawn(driver, "trade-off")


def test_downloads_are_csv_of_every_row(shown, tmp_path):
    driver = shown()
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    for button in ("rows", "pairs", "groups"):
        element = driver.find_element(By.ID, f"download-{button}")
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
    files = {name: tmp_path / f"{name}.csv" for name in ("leaderboard", "pairs", "groups")}
    WebDriverWait(driver, 10).until(lambda d: all(file.exists() and file.stat().st_size for file in files.values()))
    assert EVIL in files["leaderboard"].read_text()
    assert files["pairs"].read_text().startswith("dataset,scenario,metric,first,second")
    assert "gender and town" in files["groups"].read_text()


def test_the_page_of_the_reference_run_fits_in_five_megabytes_and_works(driver, page):
    reference = Path(__file__).parents[3] / "results" / "leaderboard.html"
    assert reference.stat().st_size < 5_000_000
    driver.get(reference.as_uri())
    assert not driver.find_element("id", "choice").get_attribute("hidden")  # the script got to its end
