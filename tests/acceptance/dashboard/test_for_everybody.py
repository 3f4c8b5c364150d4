"""The dashboard for everybody: any width, both themes, by keyboard, read aloud or by weak eyes."""

import re
from itertools import product

import pytest
from playwright.sync_api import expect

from tests.support.browser import WIDTHS, overflow, screenshot, too_faint

LOOKS = list(product(("light", "dark"), WIDTHS))

DIES = 'import sys; print("no database", file=sys.stderr); sys.exit(3)'


@pytest.fixture(scope="module", autouse=True)
def programs(home):
    home.script("dies.py", DIES)
    home.run("start", "talks.py", "--name", "web", "--namespace", "shop", "-i", "2")
    home.run("start", "talks.py", "--name", "a-name-that-goes-on-and-on-for-longer-than-most-do")
    home.run("start", "sleep 1000", "--name", "idle")
    home.run("stop", "idle")
    home.run("start", "dies.py", "--name", "dying", "--max-restarts", "1", status=None)
    home.run("start", "dies.py", "--name", "trying", "--restart-delay", "1h", status=None)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_list_fits_and_can_be_read(open_page, tmp_path, theme, width):
    with open_page(theme=theme, width=width) as page:
        expect(page.get_by_role("table", name="Processes")).to_be_visible()
        expect(page.get_by_role("link", name="dying", exact=True)).to_be_visible()

        screenshot(page, tmp_path, f"list-{theme}-{width}")
        assert overflow(page) == 0
        assert not too_faint(page)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_a_process_fits_and_can_be_read(open_page, tmp_path, theme, width):
    with open_page(theme=theme, width=width) as page:
        page.get_by_role("link", name="web:1", exact=True).click()
        detail = page.get_by_role("region", name="web:1", exact=True)
        expect(detail.get_by_role("log")).to_contain_text("cannot reach the database")

        for tab in ("Events", "Configuration", "Environment", "Logs"):
            detail.get_by_role("tab", name=tab).click()
            expect(detail.get_by_role("tabpanel", name=tab)).to_be_visible()
            screenshot(page, tmp_path, f"{tab.lower()}-{theme}-{width}")
            assert overflow(page) == 0
            assert not too_faint(page)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_a_question_fits_and_can_be_read(open_page, tmp_path, theme, width):
    with open_page(theme=theme, width=width) as page:
        page.get_by_role("link", name="web:1", exact=True).click()
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("dialog", name="Delete web?")).to_be_visible()

        screenshot(page, tmp_path, f"question-{theme}-{width}")
        assert overflow(page) == 0
        assert not too_faint(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_wrong_can_be_read(open_page, tmp_path, theme):
    with open_page(theme=theme) as page:
        page.get_by_role("link", name="dying", exact=True).click()
        expect(page.get_by_text(re.compile("^Given up"))).to_be_visible()
        page.context.route_web_socket("**/ws", lambda socket: socket.close())
        page.route("**/api/processes", lambda route: route.abort())
        page.route("**/start", lambda route: route.abort())
        page.reload()
        expect(page.get_by_text("Offline", exact=True)).to_be_visible()

        screenshot(page, tmp_path, f"offline-{theme}")
        assert not too_faint(page)


def test_the_theme_is_chosen_and_kept(page):
    def background():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = background()
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    dark = background()
    assert dark != light

    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert background() == dark


def test_everything_is_done_by_keyboard_alone(page, home):
    expect(page.get_by_role("link", name="idle", exact=True)).to_be_visible()
    keyboard = page.keyboard

    keyboard.press("/")
    keyboard.type("idle")
    expect(page.get_by_role("row")).to_have_count(2)
    tab_to(page, page.get_by_role("link", name="idle", exact=True))
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="idle", exact=True)).to_be_focused()

    tab_to(page, page.get_by_role("group", name="Actions").get_by_text("Start", exact=True))
    keyboard.press("Enter")
    expect(page.get_by_text("Started idle.")).to_be_visible()
    assert home.process("idle")["state"] == "online"

    tab_to(page, page.get_by_role("tab", name="Logs"))
    keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Events")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Events")).to_be_visible()
    keyboard.press("End")
    expect(page.get_by_role("tab", name="Environment")).to_have_attribute("aria-selected", "true")

    keyboard.press("Escape")
    expect(page.get_by_role("link", name="idle", exact=True)).to_be_focused()

    tab_to(page, page.get_by_role("button", name="Stop idle"))
    keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Stop idle?")).to_be_visible()
    keyboard.press("Enter")
    expect(page.get_by_text("Stopped idle.")).to_be_visible()
    assert home.process("idle")["state"] == "stopped"


def tab_to(page, target):
    """Press Tab until something has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("element => element.contains(document.activeElement)"):
            return
    raise AssertionError(f"no way to {target} by Tab")


def test_where_the_focus_is_can_be_seen(page):
    expect(page.get_by_role("link", name="idle", exact=True)).to_be_visible()
    for _ in range(15):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
                const at = document.activeElement;
                const shown = [at, at.closest("tr")].filter(Boolean).map(getComputedStyle);
                return shown.some((style) => style.outlineStyle !== "none");
            }"""
        )
        assert outline, page.evaluate("document.activeElement.outerHTML")


def test_every_control_has_a_name(page):
    page.get_by_role("link", name="web:1", exact=True).click()
    expect(page.get_by_role("log")).to_contain_text("ready")

    nameless = [
        control.evaluate("element => element.outerHTML")
        for role in ("button", "link", "textbox", "searchbox", "combobox", "tab", "img", "region")
        for control in page.get_by_role(role).all()
        if not re.search(r'^- \w+ "', control.aria_snapshot().replace("'", ""))
    ]
    assert not nameless


def test_the_list_is_a_table_for_who_hears_it_on_a_phone_as_well(open_page):
    with open_page(width=360) as page:
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name="dying", exact=True))

        expect(row.get_by_role("cell").first).to_contain_text("dying")
        expect(row).to_contain_text("errored")
        expect(page.get_by_role("columnheader", name="Status")).to_have_count(1)
        page.get_by_role("combobox", name="Sort by").select_option("Status")
        expect(page.locator("tbody .opener").first).to_have_text("dying")


def test_fingers_find_what_they_aim_at(open_page):
    with open_page(width=360) as page:
        page.get_by_role("link", name="web:1", exact=True).click()
        expect(page.get_by_role("log")).to_contain_text("ready")

        small = page.evaluate(
            """() => [...document.querySelectorAll("button, a, select, input")]
                .filter((each) => each.checkVisibility() && !each.closest(".skip"))
                .map((each) => [each.getBoundingClientRect(), each.outerHTML])
                .filter(([box]) => box.width < 24 || box.height < 24)
                .map(([, text]) => text)"""
        )
        assert not small


def test_nothing_moves_for_who_wants_that(page):
    turning = page.locator(".status .icon-restarting").first
    expect(turning).to_be_visible()

    assert turning.evaluate("icon => getComputedStyle(icon).animationName") == "none"


def test_the_skip_link_leads_past_the_head(page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the processes")).to_be_focused()
