"""A dashboard behind a key: who has it gets in, for as long as the tab is open."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import a_page, overflow
from tests.support.ports import free_port

KEY = "open-sesame"


@pytest.fixture(scope="module")
def locked(home):
    """The address of the web side, behind a key."""
    home.run("start", "talks.py", "--name", "secretive")
    port = free_port()
    turn_on(home, port, KEY)
    return f"http://127.0.0.1:{port}"


def turn_on(home, port, key):
    options = ("--port", str(port), "--rate-limit", "off", "--detach")
    home.run("web", *options, PMDAEMON_API_KEY=key)


def sign_in(page, key):
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def wrong(page):
    return page.locator("pm-sign-in").get_by_role("alert")


def test_without_the_key_nothing_is_told(browser, locked):
    with a_page(browser, locked) as page:
        expect(page.get_by_role("heading", name="Sign in to pmdaemon")).to_be_visible()

        expect(page.get_by_label("API key")).to_be_focused()
        assert "secretive" not in page.content()
        assert page.title() == "pmdaemon"


def test_a_wrong_key_is_refused_in_words(browser, locked):
    with a_page(browser, locked) as page:
        sign_in(page, "wrong")
        expect(wrong(page)).to_have_text("This key is not valid.")
        expect(page.get_by_label("API key")).to_be_focused()
        assert page.evaluate("sessionStorage.length") == 0

        sign_in(page, "schlüssel 🔑")
        expect(wrong(page)).to_have_text("A key has letters, digits and signs only.")


def test_the_right_key_lets_in_and_pushes_everything(browser, locked, home):
    with a_page(browser, locked) as page:
        sign_in(page, KEY)

        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name="secretive"))
        expect(row).to_contain_text(f"pid {home.pid('secretive')}")
        page.get_by_role("link", name="secretive").click()
        expect(page.get_by_role("log")).to_contain_text("cannot reach the database")


def test_on_a_phone_it_fits_signed_out_and_signed_in(browser, locked):
    with a_page(browser, locked, width=360) as page:
        expect(page.get_by_label("API key")).to_be_visible()
        assert overflow(page) == 0

        sign_in(page, KEY)
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        assert overflow(page) == 0


def test_the_key_is_kept_for_the_tab_and_nowhere_else(browser, locked):
    with a_page(browser, locked) as page:
        sign_in(page, KEY)
        expect(page.get_by_role("table", name="Processes")).to_be_visible()

        page.reload()
        expect(page.get_by_role("table", name="Processes")).to_be_visible()
        assert page.evaluate("Object.values(localStorage).join()").find(KEY) < 0
        assert page.evaluate("document.cookie") == ""
        assert KEY not in page.url

        other = page.context.new_page()
        other.goto("/")
        expect(other.get_by_label("API key")).to_be_visible()


def test_signing_out_forgets_the_key_and_what_was_shown(browser, locked):
    with a_page(browser, locked) as page:
        sign_in(page, KEY)
        expect(page.get_by_role("link", name="secretive")).to_be_visible()

        page.get_by_role("button", name="Sign out").click()

        expect(page.get_by_label("API key")).to_be_visible()
        assert page.evaluate("sessionStorage.length") == 0
        expect(page.get_by_role("link", name="secretive")).to_have_count(0)


def test_a_key_that_is_good_no_more_leads_back_to_the_question(browser, locked, home):
    with a_page(browser, locked) as page:
        page.context.route_web_socket("**/ws", lambda socket: socket.close())
        sign_in(page, KEY)
        expect(page.get_by_role("link", name="secretive")).to_be_visible()
        port = locked.rsplit(":", 1)[1]

        turn_on(home, port, "another")
        try:
            expect(page.get_by_label("API key")).to_be_visible()
            expect(wrong(page)).to_have_text(re.compile("not valid"))
        finally:
            turn_on(home, port, KEY)


def test_the_reference_s_example_runs_in_a_page(browser, locked, home):
    home.run("start", "sleep 1000", "--name", "my-app")
    with a_page(browser, locked) as page:
        processes, result, system = page.evaluate(
            """async ([url, key]) => {
                const processes = await fetch(`${url}/api/processes`, {
                    headers: { 'X-API-Key': key }
                }).then(res => res.json());
                const result = await fetch(`${url}/api/processes/my-app/stop`, {
                    method: 'POST',
                    headers: { 'X-API-Key': key }
                }).then(res => res.json());
                const system = await fetch(`${url}/api/system`).then(res => res.json());
                return [processes, result, system];
            }""",
            [locked, KEY],
        )

    assert "my-app" in {process["name"] for process in processes}
    assert result == {"success": True, "message": "Process stopped successfully"}
    assert home.process("my-app")["state"] == "stopped"
    # The last of them has no key, and this server asks for one.
    assert system["error"]["code"] == "UNAUTHORIZED"
