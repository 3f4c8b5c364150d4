"""What a person sees on the dashboard: what there is, and how it changes."""

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.dashboard.conftest import kill
from tests.support.browser import a_page
from tests.support.cli import a_home
from tests.support.ports import free_port
from tests.support.waiting import eventually_sync


@pytest.fixture(scope="module", autouse=True)
def programs(home):
    home.run("start", "talks.py", "--name", "web", "--namespace", "shop", "-i", "2")
    home.run("start", "talks.py", "--name", "api", "--namespace", "shop")
    home.run("start", "sleep 1000", "--name", "mailer", "--namespace", "office")
    home.run("start", "sleep 1000", "--name", "idle", "--namespace", "office")
    home.run("stop", "idle")


def rows(page):
    return page.get_by_role("table", name="Processes").get_by_role("row")


def names(page):
    """The names in the list, in their order, without the heading."""
    return [text.split("\n")[0] for text in page.locator("tbody .opener").all_inner_texts()]


def row(page, name):
    return rows(page).filter(has=page.get_by_role("link", name=name, exact=True))


def test_all_processes_are_listed_with_what_matters(page, home):
    expect(rows(page)).to_have_count(6)

    api = row(page, "api")
    expect(api).to_contain_text("online")
    expect(api).to_contain_text(f"pid {home.pid('api')}")
    expect(api.get_by_role("img", name=re.compile(r"^CPU [\d.]+ %"))).to_be_visible()
    expect(api.get_by_role("img", name=re.compile(r"^Memory [\d.]+ [KMG]?B"))).to_be_visible()
    expect(row(page, "idle")).to_contain_text("stopped")
    assert names(page) == ["api", "idle", "mailer", "web:0", "web:1"]


def test_the_machine_is_shown(page):
    machine = page.get_by_role("region", name="This machine")

    expect(machine.get_by_text(re.compile(r"^\d+ cores?$"))).to_be_visible()
    for title in ("CPU", "Memory", "Disk", "Load"):
        expect(machine.get_by_text(title, exact=True)).to_be_visible()
    expect(page).to_have_title(re.compile("^pmdaemon · "))


def test_news_are_pushed(page):
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_a_crash_is_seen_without_asking(page, home):
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    before = home.pid("mailer")
    expect(row(page, "mailer")).to_contain_text(f"pid {before}")

    kill(before)

    expect(row(page, "mailer")).not_to_contain_text(f"pid {before}")
    expect(row(page, "mailer").locator(".of-restarts")).to_have_text("1")
    expect(row(page, "mailer")).to_contain_text(
        f"pid {home.when('mailer', lambda p: p['pid'])['pid']}"
    )


def test_what_is_started_and_deleted_elsewhere_comes_and_goes(page, home):
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    home.run("start", "sleep 1000", "--name", "guest")
    expect(row(page, "guest")).to_contain_text("online")

    home.run("delete", "guest")
    expect(row(page, "guest")).to_have_count(0)


def test_curves_grow_while_one_looks(page):
    curve = row(page, "api").locator("pm-curve.memory path.line")
    expect(curve).to_have_attribute("d", re.compile(r"^M.*(L.*){2}"))


def test_words_find_processes(page):
    expect(rows(page)).to_have_count(6)

    page.keyboard.press("/")
    page.keyboard.type("shop web")

    expect(rows(page)).to_have_count(3)
    assert names(page) == ["web:0", "web:1"]


def test_nothing_found_is_said_and_undone(page):
    page.get_by_role("searchbox", name="Search processes").fill("nothing like it")

    expect(page.get_by_role("heading", name="No process matches")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(rows(page)).to_have_count(6)


def test_a_namespace_is_looked_at_alone(page):
    page.get_by_role("combobox", name="Namespace").select_option("office")

    expect(rows(page)).to_have_count(3)
    assert names(page) == ["idle", "mailer"]


def test_a_status_is_looked_at_alone(page):
    stopped = page.get_by_role("button", name=re.compile("^stopped 1", re.IGNORECASE))
    stopped.click()

    expect(stopped).to_have_attribute("aria-pressed", "true")
    expect(rows(page)).to_have_count(2)
    assert names(page) == ["idle"]


def test_columns_sort_both_ways(page):
    expect(rows(page)).to_have_count(6)
    heading = page.get_by_role("columnheader", name="Process")
    expect(heading).to_have_attribute("aria-sort", "ascending")

    heading.get_by_role("button").click()

    expect(heading).to_have_attribute("aria-sort", "descending")
    eventually_sync(lambda: names(page) == ["web:0", "web:1", "mailer", "idle", "api"])

    page.get_by_role("columnheader", name="Uptime").get_by_role("button").click()
    expect(page.get_by_role("columnheader", name="Uptime")).to_have_attribute(
        "aria-sort", "descending"
    )
    eventually_sync(lambda: names(page)[-1] == "idle")


def test_without_a_websocket_it_asks_and_says_so(open_page, home):
    with open_page() as page:
        page.context.route_web_socket("**/ws", lambda socket: socket.close())
        page.reload()
        expect(page.get_by_text("Polling", exact=True)).to_be_visible()
        before = home.pid("api")
        expect(row(page, "api")).to_contain_text(f"pid {before}")

        kill(before)

        expect(row(page, "api")).not_to_contain_text(f"pid {before}")


def test_a_lost_connection_is_made_again(open_page):
    connected, is_back = [], False
    with open_page() as page:
        expect(page.get_by_text("Live", exact=True)).to_be_visible()

        def relay(socket):
            connected.append(socket)
            if len(connected) == 1 or is_back:
                socket.connect_to_server()
            else:
                socket.close()

        page.context.route_web_socket("**/ws", relay)
        page.reload()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()

        connected[0].close()

        expect(page.get_by_text(re.compile("^(Polling|Reconnecting)$"))).to_be_visible()
        is_back = True
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        assert len(connected) >= 2


def test_a_daemon_that_is_gone_is_told_and_what_was_known_stays(open_page):
    with open_page() as page:
        page.context.route_web_socket("**/ws", lambda socket: socket.close())
        page.reload()
        expect(rows(page)).to_have_count(6)

        page.context.set_offline(True)

        expect(page.get_by_text("Offline", exact=True)).to_be_visible()
        expect(page.get_by_text(re.compile("What is shown is from before"))).to_be_visible()
        expect(rows(page)).to_have_count(6)

        page.context.set_offline(False)
        expect(page.get_by_text("Polling", exact=True)).to_be_visible()


def test_where_nothing_runs_it_says_how_to_begin(browser, tmp_path):
    with a_home(tmp_path) as pmdaemon:
        port = free_port()
        pmdaemon.run("web", "--port", str(port), "--detach")
        with a_page(browser, f"http://127.0.0.1:{port}") as page:
            expect(page.get_by_role("heading", name="Nothing runs here yet")).to_be_visible()

            pmdaemon.run("start", "sleep 1000", "--name", "first")

            expect(row(page, "first")).to_contain_text("online")
