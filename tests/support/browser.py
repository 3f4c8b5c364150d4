"""Debian's Chromium, looking at the dashboard as a person does.

    with a_browser() as browser:
        with a_page(browser, url) as page:
            page.get_by_role("link", name="web").click()

A page that complains about anything fails its test at the end of the block, unless it may: an
exception, something that its policy forbids.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

PATIENCE = 60_000
"""Milliseconds after which what should be there counts as missing."""

WIDTHS = {360: 780, 768: 1024, 1280: 800}
"""A phone, a tablet and a laptop: pixels across, and down."""

EXPECTED = ("Failed to load resource", "WebSocket connection to")
"""What Chromium itself remarks on when a server refuses or is gone, as tests have it do."""

CONTRASTS = Path(__file__).with_name("contrasts.js").read_text()


def chromium() -> str:
    """Find the browser, best the one without windows, which is the quicker one.

    Where it could be had and is not there, the test fails.
    """
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if found is not None:
        return found
    may_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    sentence = "chromium is not installed; scripts/system-packages does that"
    return pytest.fail(sentence) if may_install else pytest.skip(sentence)


def trust(authority: Path, home: Path) -> None:
    """Have a browser whose user has this home trust an authority, as its user would."""
    if shutil.which("certutil") is None:
        pytest.skip("certutil is not installed; scripts/system-packages does that")
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    tool = ["certutil", "-d", f"sql:{database}"]
    for step in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "ours", "-i", authority]):
        subprocess.run([*tool, *step], check=True)


@contextmanager
def a_browser(home: Path | None = None) -> Iterator[Browser]:
    """Lend a browser that nobody sees, to a user with this home."""
    executable = chromium()  # first, for where there is none the driver may not start either
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses root (its own message); what it is shown here is our own page.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        env = {**os.environ, "HOME": str(home)} if home is not None else None
        browser = playwright.chromium.launch(executable_path=executable, args=arguments, env=env)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def a_page(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    theme: str = "light",
    path: str = "/",
    may_complain: bool = False,
) -> Iterator[Page]:
    """Lend a page in a session of its own, which has shown something already."""
    context = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        has_touch=width < 600,
        base_url=url,
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: _heed(message, complaints))
    try:
        page.goto(path)
        yield page
        assert may_complain or not complaints, complaints
    finally:
        context.close()


def screenshot(page: Page, folder: Path, name: str) -> Path:
    """Keep a picture for people, in the folder that PMDAEMON_SCREENSHOTS names if it does."""
    kept = Path(os.environ.get("PMDAEMON_SCREENSHOTS") or folder)
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"{name}.png"
    page.screenshot(path=path)
    return path


def too_faint(page: Page, least: float = 4.5) -> list[tuple[float, str, str]]:
    """List texts whose contrast is below what WCAG 2.2 asks for (1.4.3)."""
    seen = page.evaluate(CONTRASTS)
    assert seen, "a page without any text"
    return [tuple(one) for one in seen if one[0] < least]


def overflow(page: Page) -> int:
    """Tell how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def _heed(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
        complaints.append(message.text)
