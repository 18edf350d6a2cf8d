#!/usr/bin/env python3
"""Builds the site of docs/ and checks it.

    scripts/site.py [--screenshots]

mkdocs, of the versions in docs/requirements.txt, is installed into target/site/venv and builds target/site/html; whatever it
warns of fails the build. Then every link of every page that was built has to lead to a file of the site, and to an anchor
that is there.

With --screenshots, Debian's Chromium takes pictures of the start page, a rule, the list of rules, a tutorial and two pages
with tables below target/site, wide and narrow, light and dark, of the site served on this machine. Chromium is installed where it is missing, selenium into the environment.
"""

import argparse
import functools
import html.parser
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import urllib.parse
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAB = ROOT / "target" / "site"
SITE = LAB / "html"
PYTHON = LAB / "venv" / "bin" / "python"
REQUIREMENTS = ROOT / "docs" / "requirements.txt"


def install(*packages: str | pathlib.Path) -> None:
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages], check=True)


def prepare(screenshots: bool) -> None:
    """The environment, and for screenshots the browser; they are taken in that environment."""
    if not PYTHON.exists():
        venv.create(LAB / "venv", with_pip=True)
    install("-r", REQUIREMENTS)
    if not screenshots:
        return
    install("selenium")
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "chromium-driver"], check=True, stdout=subprocess.DEVNULL)
    if pathlib.Path(sys.executable).absolute() != PYTHON.absolute():
        os.execv(PYTHON, [str(PYTHON), *sys.argv])


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.add(value)
            elif name == "id" and value:
                self.anchors.add(value)


def broken_links() -> list[str]:
    """The links of the site that lead nowhere."""
    pages = {path: Page(path) for path in SITE.rglob("*.html")}
    problems = []
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            # 404.html is shown wherever something is missing, so its links begin at the top.
            folder = SITE if parts.path.startswith("/") else path.parent
            target = (folder / urllib.parse.unquote(parts.path).lstrip("/")).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = urllib.parse.unquote(parts.fragment)
            if not target.is_file() or SITE not in target.parents:
                problems.append(f"{path.relative_to(SITE)}: `{link}` leads nowhere")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                problems.append(f"{path.relative_to(SITE)}: `{link}` names an anchor that is not there")
    links = sum(len(page.links) for page in pages.values())
    print(f"{len(problems)} of {links} links in {len(pages)} pages are broken")
    return problems


def take_screenshots() -> None:
    """Pictures of pages, none of which may be wider than its window or log an error."""
    from selenium import webdriver

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars"]:
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        for name, path in {"start": "", "rule": "rules/star-import/", "rules": "rules/", "tutorial": "tutorials/stars-away/", "tables": "configuration/#rules", "ruff": "coming-from/ruff/#which-code-is-which-rule"}.items():
            for colours in ("light", "dark"):
                for width, height in ((1400, 1100), (400, 900)):
                    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
                    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": colours}]})
                    browser.get(f"http://127.0.0.1:{server.server_port}/{path}")
                    shown = browser.execute_script("return document.documentElement.scrollWidth")
                    assert shown <= width, f"{name} is {shown} pixels wide in a window of {width}"
                    browser.save_screenshot(str(LAB / f"{name}-{colours}-{width}.png"))
        errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        assert not errors, errors
    finally:
        browser.quit()
        server.shutdown()
    print(f"screenshots in {LAB.relative_to(ROOT)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--screenshots", action="store_true")
    arguments = parser.parse_args()
    prepare(arguments.screenshots)
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run([PYTHON, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", SITE], cwd=ROOT, env=environment, check=True)
    problems = broken_links()
    print("\n".join(problems), end="\n" if problems else "")
    if arguments.screenshots:
        take_screenshots()
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
