#!/usr/bin/env python3
"""Opens the page that `douane cost --html` writes in headless Chromium, and clicks through it.

    scripts/browse_cost.py [--python PYTHON] [TARGET]

TARGET is matplotlib.pyplot unless told otherwise, of an interpreter that has it. The page is opened without a network; it has
to show every module that takes up a pixel, zoom in and out, find a module, switch what widths stand for, and log no error.
Screenshots, light and dark, are left below target/browse-cost. Debian's chromium and chromium-driver are installed where they
are missing, selenium into a virtual environment.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "browse-cost"
DOUANE = ROOT / "target" / "release" / "douane"


def prepare() -> None:
    """Runs the script again in an environment that has selenium."""
    python = LAB / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(LAB / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "selenium"], check=True)
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "chromium-driver"], check=True, stdout=subprocess.DEVNULL)
    if pathlib.Path(sys.executable).absolute() != python.absolute():
        os.execv(python, [str(python), *sys.argv])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="python3")
    parser.add_argument("target", nargs="?", default="matplotlib.pyplot")
    arguments = parser.parse_args()
    prepare()
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    page = LAB / "page.html"
    command = [DOUANE, "cost", arguments.target, "--python", arguments.python, "--runs", "3", "--html", str(page), "--output-format", "json"]
    figures = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["targets"][0]
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync", "window-size=1400,1000"]:
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        browser.get(page.as_uri())
        find = lambda selector: browser.find_elements(By.CSS_SELECTOR, selector)
        text = lambda selector: find(selector)[0].text
        boxes = lambda: {box.get_attribute("data-module") for box in find(".load")}

        assert text("h1") == arguments.target, text("h1")
        assert str(figures["modules"]) in text("#figures")
        everything = boxes()
        total = figures["private_bytes"]["median"]
        # What takes a hundredth of the whole is some ten pixels wide.
        large = {load["module"] for load in figures["loaded"] if load["private_bytes"] > total / 100}
        assert large <= everything, large - everything
        print(f"ok  {len(everything)} of {len(figures['loaded'])} loads are wide enough to be drawn, the {len(large)} largest among them")
        browser.save_screenshot(str(LAB / "light.png"))

        top = max((load for load in figures["loaded"] if load["parent"] is not None), key=lambda load: load["private_bytes"])["module"]
        find(f".load[data-module='{top}']")[0].click()
        assert text("#path").endswith(top), text("#path")
        assert top in text("#details") and "imported by" in text("#details")
        inside = boxes()
        assert len(inside) > 1 and inside != everything
        print(f"ok  zoomed into {top}: {len(inside)} loads")
        browser.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
        find("#path button")[0].click()
        assert boxes() == everything, "zoomed out"

        wanted = figures["loaded"][len(figures["loaded"]) // 2]["module"]
        find("#search")[0].send_keys(wanted)
        listed = [row.text for row in find("#rows tr td:first-child")]
        assert wanted in listed, (wanted, listed)
        assert "found" in text("#matches")
        print(f"ok  {wanted} is found: {text('#matches')}")
        browser.save_screenshot(str(LAB / "search.png"))
        find("#search")[0].send_keys(Keys.CONTROL, "a")
        find("#search")[0].send_keys(Keys.DELETE)
        for measure, unit in [("time", "ms"), ("count", "modules"), ("memory", "MiB")]:
            find(f"[data-measure={measure}]")[0].click()
            assert unit in find(".load.whole")[0].text, find(".load.whole")[0].text
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert ground not in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"), ground
        browser.save_screenshot(str(LAB / "dark.png"))
        errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        assert not errors, errors
        print(f"ok  no errors; screenshots in {LAB.relative_to(ROOT)}")
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
