"""One process in full: its output, how it was declared, what has happened to it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.dashboard.conftest import kill
from tests.support.waiting import eventually_sync

CHATTY = r"""
import sys, time
for number in range(3000):
    print("line", number, flush=number % 100 == 0)
sys.stdout.flush()
for number in range(3000, 100000):
    print("line", number, flush=True)
    time.sleep(0.2)
"""

DIES = 'import sys; print("no database", file=sys.stderr); sys.exit(3)'


@pytest.fixture(scope="module", autouse=True)
def programs(home):
    home.script(
        "eco.json",
        """{"apps": [{"name": "talker", "script": "talks.py", "args": ["--mode", "two words"],
            "namespace": "shop", "max_memory_restart": "300M",
            "env": {"LOG_LEVEL": "debug", "API_TOKEN": "do not tell"}}]}""",
    )
    home.run("start", "eco.json")
    home.script("chatty.py", CHATTY)
    home.run("start", "chatty.py", "--name", "chatty")
    chatter = Path(home.process("chatty")["out_file"])
    eventually_sync(lambda: "line 3000\n" in chatter.read_text())
    home.script("dies.py", DIES)
    home.run("start", "dies.py", "--name", "dying", "--max-restarts", "1", status=None)


@pytest.fixture
def detail(page):
    """The process that talks."""
    return opened(page, "talker")


def opened(page, name):
    page.get_by_role("link", name=name, exact=True).click()
    return page.get_by_role("region", name=name, exact=True)


def lines(detail):
    return detail.get_by_role("log").locator(".line:visible")


def test_its_figures_and_curves_are_shown(detail, home):
    expect(detail.get_by_text(str(home.pid("talker")), exact=True)).to_be_visible()
    expect(detail.get_by_role("img", name=re.compile("^CPU "))).to_be_visible()
    expect(detail.get_by_role("img", name=re.compile("^Memory "))).to_be_visible()


def test_a_curve_is_read_under_the_pointer(detail):
    curve = detail.locator("pm-curve.memory")
    curve.hover()

    expect(curve.locator(".reading")).to_have_text(re.compile(r"^[\d.]+ [KM]B at \d\d:\d\d:\d\d$"))


def test_output_has_its_colours_and_neither_codes_nor_markup(detail):
    expect(lines(detail)).to_have_count(3)

    request = lines(detail).filter(has_text="/orders")
    expect(request.locator(".text")).to_have_text("GET /orders 500 in 3 ms")
    expect(request.locator(".bold.fg-green")).to_have_text("GET")
    expect(request.locator(".fg-red")).to_have_text("500")
    expect(request.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))


def test_streams_are_told_apart_and_looked_at_alone(detail):
    expect(lines(detail)).to_have_count(3)
    detail.get_by_role("combobox", name="Stream").select_option("stderr")

    expect(lines(detail)).to_have_count(1)
    expect(lines(detail)).to_contain_text("cannot reach the database")
    expect(lines(detail)).to_have_class(re.compile("of-error"))
    expect(detail.get_by_text("1 of 3 lines")).to_be_visible()


def test_a_search_marks_what_it_finds_across_colours(detail):
    expect(lines(detail)).to_have_count(3)
    detail.get_by_role("searchbox", name="Search output").fill("get /ORDERS 5")

    expect(lines(detail)).to_have_count(1)
    # Lines that were asked for are drawn anew when they come to be pushed.
    eventually_sync(lambda: "".join(detail.locator("mark").all_inner_texts()) == "GET /orders 5")
    expect(lines(detail).locator(".text")).to_have_text("GET /orders 500 in 3 ms")


def test_new_output_is_followed_until_one_scrolls_up(page):
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    detail = opened(page, "chatty")
    eventually_sync(lambda: lines(detail).count() >= 300)  # or none scrolls
    box = detail.get_by_role("log")
    follow = detail.get_by_role("button", name="Follow")
    expect(lines(detail).last).to_be_in_viewport()
    at_the_end = "box => box.scrollHeight - box.scrollTop - box.clientHeight < 40"
    expect(follow).to_have_attribute("aria-pressed", "true")
    eventually_sync(lambda: box.evaluate(at_the_end))

    box.hover()
    page.mouse.wheel(0, -2000)

    expect(follow).to_have_attribute("aria-pressed", "false")
    count = lines(detail).count()
    eventually_sync(lambda: lines(detail).count() > count + 2)
    assert not box.evaluate(at_the_end)

    follow.click()
    eventually_sync(lambda: box.evaluate(at_the_end))


def test_output_comes_without_a_websocket_too(open_page):
    with open_page() as page:
        page.context.route_web_socket("**/ws", lambda socket: socket.close())
        page.reload()
        detail = opened(page, "chatty")
        expect(lines(detail).last).to_be_visible()
        # The text as it is drawn would be none for a line that is out of sight for a moment.
        last = re.search(r"line (\d+)$", lines(detail).last.text_content())[1]

        expect(lines(detail).filter(has_text=f"line {int(last) + 3}").last).to_be_visible()

        shown = [
            int(re.search(r"line (\d+)$", text)[1]) for text in lines(detail).all_text_contents()
        ]
        assert shown == list(range(shown[0], shown[0] + len(shown)))


def test_how_it_was_declared_is_shown(detail):
    detail.get_by_role("tab", name="Configuration").click()
    panel = detail.get_by_role("tabpanel", name="Configuration")

    expect(panel).to_contain_text("talks.py --mode 'two words'")
    expect(panel).to_contain_text("300 MB")
    expect(panel).to_contain_text("SIGINT")
    expect(panel).to_contain_text("talker-0.out")


def test_the_environment_is_names_until_values_are_asked_for(detail):
    detail.get_by_role("tab", name="Environment").click()
    panel = detail.get_by_role("tabpanel", name="Environment")
    expect(panel).to_contain_text("LOG_LEVEL")
    expect(panel).not_to_contain_text("debug")

    panel.get_by_role("button", name="Show values").click()

    expect(panel).to_contain_text("debug")
    expect(panel).to_contain_text("********")
    expect(panel).not_to_contain_text("do not tell")


def test_a_crash_becomes_an_event_and_a_reason(detail, home):
    detail.get_by_role("tab", name="Events").click()
    events = detail.get_by_role("tabpanel", name="Events").get_by_role("listitem")
    expect(events.filter(has_text="Started").first).to_be_visible()

    kill(home.pid("talker"))

    expect(events.filter(has_text="Crashed with signal 9").first).to_be_visible()
    expect(
        detail.get_by_text("Its last run ended with signal 9 (ended by itself).")
    ).to_be_visible()


def test_why_it_was_given_up_is_said(page):
    detail = opened(page, "dying")

    expect(detail.get_by_text(re.compile("^Given up: .*exit code 3"))).to_be_visible()
    expect(lines(detail).filter(has_text="no database").first).to_be_visible()
    detail.get_by_role("tab", name="Events").click()
    expect(detail.get_by_role("listitem").first).to_contain_text("Errored")


def test_an_address_leads_to_a_process(open_page, home):
    with open_page(path=f"/#/process/{home.process('talker')['pm_id']}") as page:
        expect(page.get_by_role("heading", name="talker", exact=True)).to_be_visible()

        page.go_back()
        page.goto("/#/process/999")
        expect(page.get_by_role("region", name="talker")).to_have_count(0)
