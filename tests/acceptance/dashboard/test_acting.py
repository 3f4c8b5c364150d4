"""What a person does on the dashboard, and how it goes."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.waiting import eventually_sync


@pytest.fixture(scope="module", autouse=True)
def programs(home):
    home.run("start", "sleep 1000", "--name", "one")
    home.run("start", "sleep 1000", "--name", "many", "-i", "3")


def open_process(page, name):
    page.get_by_role("link", name=name, exact=True).click()
    detail = page.get_by_role("region", name=name, exact=True)
    expect(detail).to_be_visible()
    return detail


def confirm(page, title, button):
    dialog = page.get_by_role("dialog", name=title)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_have_count(0)


def good_news(page):
    return page.locator("pm-messages").get_by_role("status")


def bad_news(page):
    return page.locator("pm-messages").get_by_role("alert")


def test_a_process_is_stopped_and_started_from_its_row(page, home):
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="one", exact=True))

    row.get_by_role("button", name="Stop one").click()
    confirm(page, "Stop one?", "Stop")

    expect(good_news(page)).to_have_text("Stopped one.")  # which goes by itself
    expect(row).to_contain_text("stopped")
    assert home.process("one")["state"] == "stopped"

    row.get_by_role("button", name="Start one", exact=True).click()

    expect(good_news(page)).to_have_text("Started one.")
    expect(row).to_contain_text("online")
    assert home.process("one")["state"] == "online"


def test_a_process_is_restarted_when_it_was_confirmed(page, home):
    before = home.pid("one")
    detail = open_process(page, "one")

    detail.get_by_role("button", name="Restart").click()
    confirm(page, "Restart one?", "Restart")

    expect(good_news(page)).to_have_text("Restarted one.")
    after = home.pid("one")
    assert after != before
    expect(detail.get_by_text(str(after), exact=True)).to_be_visible()


def test_thinking_better_of_it_does_nothing(page, home):
    before = home.pid("one")
    detail = open_process(page, "one")

    detail.get_by_role("button", name="Restart").click()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    detail.get_by_role("button", name="Stop").click()
    confirm(page, "Stop one?", "Cancel")
    expect(detail.get_by_role("button", name="Stop")).to_be_focused()
    assert home.pid("one") == before


def test_a_process_is_deleted(page, home):
    home.run("start", "sleep 1000", "--name", "doomed")
    detail = open_process(page, "doomed")

    detail.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete doomed?")
    # The safe answer is the one at hand.
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    confirm(page, "Delete doomed?", "Delete")

    expect(good_news(page)).to_have_text("Deleted doomed.")
    expect(detail).to_have_count(0)
    expect(page.get_by_role("link", name="doomed", exact=True)).to_have_count(0)
    assert "doomed" not in {process["name"] for process in home.list()}


def test_one_instance_is_stopped_and_the_others_stay(page, home):
    detail = open_process(page, "many:1")

    detail.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("radio", name="Only instance 1")).to_be_checked()
    confirm(page, "Stop many?", "Stop")

    expect(good_news(page)).to_have_text("Stopped many:1.")
    assert [home.process("many", each)["state"] for each in range(3)] == [
        "online",
        "stopped",
        "online",
    ]


def test_all_instances_are_restarted_at_once(page, home):
    before = {process["pid"] for process in home.list() if process["name"] == "many"}
    detail = open_process(page, "many:0")

    detail.get_by_role("button", name="Restart").click()
    page.get_by_role("radio", name="All 3 instances").check()
    confirm(page, "Restart many?", "Restart")

    expect(good_news(page)).to_have_text("Restarted all instances of many.")
    after = {process["pid"] for process in home.list() if process["name"] == "many"}
    assert len(after) == 3
    assert not after & before


def test_an_app_is_scaled_to_as_many_instances_as_are_typed(page, home):
    home.run("start", "sleep 1000", "--name", "elastic")
    detail = open_process(page, "elastic")

    detail.get_by_role("button", name="Scale").click()
    dialog = page.get_by_role("dialog", name="Scale elastic")
    expect(dialog.get_by_label("Instances")).to_be_focused()
    dialog.get_by_label("Instances").fill("0.5")
    dialog.get_by_role("button", name="Scale", exact=True).click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("Instances").fill("3")
    page.keyboard.press("Enter")

    expect(good_news(page)).to_have_text("Scaled elastic to 3 instances.")
    expect(page.get_by_role("link", name="elastic:2", exact=True)).to_be_visible()
    assert sum(process["name"] == "elastic" for process in home.list()) == 3


def test_an_app_is_reloaded(page, home):
    home.run("start", "sleep 1000", "--name", "fresh")
    before = home.pid("fresh")
    detail = open_process(page, "fresh")

    detail.get_by_role("button", name="Reload").click()

    expect(good_news(page)).to_have_text(re.compile("^Reloaded fresh"))
    assert home.pid("fresh") != before


def test_an_app_whose_name_is_another_ones_id_is_not_mistaken(page, home):
    home.run("start", "sleep 1000", "--name", "victim")
    victim = home.process("victim")["pm_id"]
    home.run("start", "sleep 1000", "--name", str(victim))
    before = home.pid(str(victim))
    detail = open_process(page, "victim")

    detail.get_by_role("button", name="Stop").click()
    confirm(page, "Stop victim?", "Stop")

    expect(good_news(page)).to_have_text("Stopped victim.")
    assert home.process("victim")["state"] == "stopped"
    assert home.pid(str(victim)) == before


def test_a_failure_says_what_why_and_stays_until_it_was_read(page, home):
    home.script("gone-program", "#!/bin/sh\nexec sleep 1000\n", mode=0o755)
    home.run("start", "./gone-program", "--name", "gone")
    home.run("stop", "gone")
    (home.work / "gone-program").unlink()
    detail = open_process(page, "gone")

    detail.get_by_role("button", name="Start", exact=True).click()

    expect(bad_news(page)).to_contain_text(re.compile("^Cannot start gone: cannot run .+"))
    expect(bad_news(page)).to_contain_text("OPERATION_FAILED")
    expect(detail.get_by_text("errored", exact=True)).to_be_visible()
    expect(detail.get_by_text(re.compile("^Given up: "))).to_be_visible()
    bad_news(page).get_by_role("button", name="Dismiss").click()
    expect(bad_news(page)).to_be_empty()


def test_what_is_gone_already_is_a_failure_in_words(open_page, home):
    home.run("start", "sleep 1000", "--name", "fleeting")
    with open_page() as page:
        page.context.route_web_socket("**/ws", lambda socket: socket.close())
        page.reload()
        detail = open_process(page, "fleeting")
        detail.get_by_role("button", name="Stop").click()
        home.run("delete", "fleeting")

        page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()

        expect(bad_news(page)).to_contain_text("PROCESS_NOT_FOUND")
        expect(page.get_by_role("link", name="fleeting", exact=True)).to_have_count(0)


def test_a_process_cannot_be_acted_on_twice_at_once(page, home):
    home.run("stop", "many")
    asked = []

    def hold(route):
        asked.append(route)

    page.route("**/api/processes/*/start", hold)
    detail = open_process(page, "many:1")
    start = detail.get_by_role("button", name="Start", exact=True)
    start.click()
    expect(start).to_have_attribute("aria-disabled", "true")
    start.dispatch_event("click")

    # Only while something is asked of the page, its requests come to `hold`.
    eventually_sync(lambda: page.evaluate("true") and asked)
    assert len(asked) == 1
    asked[0].continue_()
    expect(good_news(page)).to_have_text("Started many:1.")
