"""What programs call themselves and write is shown, and does nothing else."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import a_page

MARKUP = "<img src=x onerror=hacked=1>"

CLOSING = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"

WRITES = r"""
import signal, sys
print("<img src=x onerror=hacked=1><script>hacked=1</script>")
print("\033]8;;https://evil.example/\033\\click\033]8;;\033\\ \033]0;title\007 here")
print("\033[2J\033[H\033[3J\033[1000Bafter the screen was cleared")
print("admin\u202egnp.exe\u2066 \u200bhidden")
print("50 %\r100 %")
print("\033[31m" + "".join(f"\033[{n % 110}m{n % 10}" for n in range(20000)))
print("x" * 60000)
print("\0\1\x1b[38;5;999;48;2;300;-1;7;4;9;1mstrange\033[m")
sys.stdout.buffer.write(b"\xff\xfe broken \xc3\n")
print("the end", flush=True)
signal.pause()
"""


@pytest.fixture(scope="module", autouse=True)
def programs(home):
    home.script("writes.py", WRITES)
    home.script(
        "eco.json",
        json.dumps(
            {
                "apps": [
                    {
                        "name": "hostile",
                        "script": "writes.py",
                        "args": [MARKUP, "a\u202eb"],
                        "namespace": '"><b>bold',
                        "env": {"EVIL": MARKUP},
                    }
                ]
            }
        ),
    )
    home.run("start", "eco.json")


@pytest.fixture
def log(page):
    page.get_by_role("link", name="hostile").click()
    box = page.get_by_role("log")
    expect(box).to_contain_text("the end")
    return box


def line(log, text):
    return log.locator(".line .text").filter(has_text=text)


def told(code):
    """Say how a letter that cannot be seen is shown."""
    return f"\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}U+{code}" + CLOSING


def is_unharmed(page):
    return (
        page.evaluate("typeof hacked === 'undefined'") and page.locator("img[onerror]").count() == 0
    )


def test_markup_in_output_is_text(page, log):
    expect(line(log, "<img src=x onerror=hacked=1><script>hacked=1</script>")).to_have_count(1)

    assert is_unharmed(page)


def test_what_would_steer_a_terminal_is_left_out(log):
    expect(line(log, re.compile(r"^click  here$"))).to_have_count(1)
    expect(line(log, re.compile("^after the screen was cleared$"))).to_have_count(1)
    expect(log.get_by_role("link")).to_have_count(0)


def test_letters_that_turn_or_hide_text_are_shown_as_what_they_are(log):
    expect(
        line(log, f"admin{told('202E')}gnp.exe{told('2066')} {told('200B')}hidden")
    ).to_have_count(1)


def test_what_was_written_over_is_not_shown(log):
    expect(line(log, re.compile("^100 %$"))).to_have_count(1)


def test_a_line_of_nothing_but_colours_stays_small(log):
    bomb = line(log, "0123456789").first

    assert bomb.locator("span").count() <= 201


def test_a_line_without_end_is_cut(log):
    expect(line(log, "xxxx")).to_contain_text("more characters")
    assert len(line(log, "xxxx").text_content()) < 9000


def test_colours_that_are_none_change_nothing_else(log):
    expect(line(log, "strange")).to_have_text("␀␁strange")


def test_what_a_program_is_called_and_given_is_text(page, log):
    del log
    for tab in ("Configuration", "Environment"):
        page.get_by_role("tab", name=tab).click()
        if tab == "Environment":
            page.get_by_role("button", name="Show values").click()
        expect(page.get_by_role("tabpanel", name=tab)).to_contain_text(MARKUP)
    expect(page.get_by_role("tabpanel", name="Environment")).not_to_contain_text("\u202e")
    expect(page.get_by_role("row").last).to_contain_text('"><b>bold')
    assert is_unharmed(page)


def test_names_from_a_hostile_server_are_text_too(browser, url):
    name = f"{MARKUP}\u202egnp\u0000"
    process = {"id": 7, "name": name, "status": MARKUP, "pid": 1, "port": MARKUP, "uptime": MARKUP}
    with a_page(browser, url) as page:
        page.context.route_web_socket("**/ws", lambda socket: socket.close())
        page.route("**/api/processes", lambda route: route.fulfill(json=[process]))
        page.reload()

        expect(page.get_by_role("row").last).to_contain_text(f"{MARKUP}{told('202E')}gnp␀")
        assert is_unharmed(page)


def test_the_policy_forbids_what_slips_through(open_page):
    with open_page(may_complain=True) as page:
        blocked = page.evaluate(
            """() => new Promise((resolve) => {
                addEventListener("securitypolicyviolation",
                    (event) => resolve(event.effectiveDirective));
                try {
                    document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=hacked=1>");
                } catch {}
            })"""
        )

        assert blocked == "require-trusted-types-for"
        assert is_unharmed(page)
