from pmdaemon.cli.context import Context
from pmdaemon.cli.pm2.wording import Words
from tests.support.views import a_view


def test_lines_have_pm2s_beginnings(capsys):
    words = Words(Context({}))

    words.say("said")
    words.note("noted")
    words.warn("warned")
    words.fail("failed")
    words.applying("stopProcessId", "web", [a_view("web"), a_view("web", pm_id=1)])
    words.done([a_view("web", pm_id=1)])

    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "[PM2] said",
        "[PM2][WARN] noted",
        "[PM2] Applying action stopProcessId on app [web](ids: [ 0, 1 ])",
        "[PM2] [web](1) ✓",
    ]
    assert err.splitlines() == ["[PM2][WARN] warned", "[PM2][ERROR] failed"]


def test_colours_are_for_terminals_that_want_them(capsys):
    Words(Context({"FORCE_COLOR": "1"})).say("x")

    assert capsys.readouterr().out == "\x1b[32m[PM2] \x1b[0mx\n"


def test_what_controls_a_terminal_is_made_harmless(capsys):
    Words(Context({})).say("a\x1b[2J")

    assert capsys.readouterr().out == "[PM2] a\\x1b[2J\n"


def test_silence(capsys):
    words = Words(Context({"PM2_SILENT": "true"}))

    words.say("a")
    words.fail("b")

    assert capsys.readouterr() == ("", "")
