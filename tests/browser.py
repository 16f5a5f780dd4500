"""A real headless Chromium for tests: ``python -m tests.browser`` installs it where that can be done.

As root on a system with apt-get, the packages chromium and chromium-driver are installed; anywhere else a missing
browser ends with one sentence.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_DRIVERS = ("chromedriver", "chromium-driver")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserMissingError(Exception):
    """There is no browser, and it cannot be installed here; the text says what would help."""


def find() -> tuple[str, str] | None:
    """Paths of the browser and its driver."""
    browser = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    driver = next((path for name in _DRIVERS if (path := shutil.which(name))), None)
    return (browser, driver) if browser and driver else None


def ensure() -> tuple[str, str]:
    """The same, installed first if that can be done; raises `BrowserMissingError`."""
    found = find()
    if found:
        return found
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise BrowserMissingError(
            "the tests of the timeline need Chromium and chromedriver: install both (on Debian: apt-get install "
            "chromium chromium-driver)"
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    sys.stderr.write("installing chromium and chromium-driver\n")
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium", "chromium-driver"]):
        run = subprocess.run(
            [apt, "-q", *command], env=environment, capture_output=True, text=True, check=False
        )
        if run.returncode:
            raise BrowserMissingError(f"apt-get {command[0]} failed: {run.stderr.strip()[-500:]}")
    found = find()
    if not found:
        raise BrowserMissingError("apt-get has installed chromium, and it is still not on PATH")
    return found


@contextlib.contextmanager
def opened(page: Path, *, dark: bool = False, width: int = 1280) -> Generator[webdriver.Chrome]:
    """The page in a browser with a profile of its own; console and network are recorded."""
    browser, driver = ensure()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    with tempfile.TemporaryDirectory(prefix="browser-") as profile:
        for flag in (*_FLAGS, f"--user-data-dir={profile}", f"--window-size={width},1400"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        chrome = webdriver.Chrome(options=options, service=Service(driver))
        try:
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
            # What the browser's own first page said and loaded is none of ours.
            chrome.get("about:blank")
            for log in ("browser", "performance"):
                chrome.get_log(log)
            chrome.get(page.as_uri())
            yield chrome
        finally:
            chrome.quit()


def console(chrome: webdriver.Chrome) -> list[dict[str, Any]]:
    """What the page said on its console since the last call."""
    return chrome.get_log("browser")


def requested(chrome: webdriver.Chrome) -> set[str]:
    """URLs that the page asked for since the last call, but for those inside itself."""
    messages = [json.loads(entry["message"])["message"] for entry in chrome.get_log("performance")]
    sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    urls = {one["request"]["url"] for one in sent if one["documentURL"] == chrome.current_url}
    return {url for url in urls if not url.startswith("data:")}


if __name__ == "__main__":
    try:
        ensure()
    except BrowserMissingError as error:
        sys.exit(f"error: {error}")
