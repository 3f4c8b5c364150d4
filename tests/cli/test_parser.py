import re

import pytest

from pmdaemon import __version__
from pmdaemon.cli.verbs import SECTIONS, VERBS
from tests.support.cli_manual import COMPLETIONS, MAN_PAGE, PATH, manual


@pytest.mark.parametrize("flag", ["-v", "--version"])
def test_the_version_is_a_number_and_nothing_else(cli, flag):
    assert cli(flag) == 0
    assert cli.out == f"{__version__}\n"


def test_without_a_command_the_help_goes_to_standard_error(cli):
    assert cli() == 2
    assert cli.out == ""
    assert "Usage: pmdaemon" in cli.err


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_help_has_every_command_in_its_section_and_the_exit_codes(cli, flag):
    assert cli(flag) == 0

    headings = [*SECTIONS, "Exit codes"]
    assert [line[:-1] for line in cli.out.splitlines() if line[:-1] in headings] == headings
    for verb in VERBS.values():
        assert re.search(
            rf"^  {', '.join((verb.name, *verb.aliases))} +{verb.summary}$", cli.out, re.MULTILINE
        )


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_explains_itself(cli, verb):
    assert cli(verb, "--help") == 0
    assert cli.out.startswith(f"Usage: pmdaemon {verb}")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["strat"], "no such command: strat; did you mean start?"),
        (["xyzzy"], "no such command: xyzzy; see pmdaemon --help"),
        (["lis\x1b[2Jt"], "no such command: lis\\x1b[2Jt; did you mean list?"),
        (["--nonsense"], "no such option: --nonsense; see pmdaemon --help"),
        (["start", "--nmae", "x"], "no such option: --nmae; did you mean --name?"),
        (["start", "--no-vizion"],
         "no such option: --no-vizion; it is PM2's, and pmdaemon pm2 start takes it"),
        (["del", "-s"], "no such option: -s; it is PM2's, and pmdaemon pm2 delete takes it"),
        (["restart", "--name", "x"],
         "no such option: --name; what restart leaves as it is, pmdaemon apply FILE changes"),
        (["proxy", "--no-vizion"], "no such option: --no-vizion; see pmdaemon proxy --help"),
        (["start", "--zzz"], "no such option: --zzz; see pmdaemon start --help"),
        (["start", "--bogus"], "no such option: --bogus; see pmdaemon start --help"),
        (["bogus"], "no such command: bogus; see pmdaemon --help"),
        (["--no-color", "list"], "--no-color goes after the command: pmdaemon list --no-color"),
        (["start", "x", "--name"],
         "option '--name' requires an argument; see pmdaemon start --help"),
        (["ls", "--sort"], "option '--sort' requires an argument; see pmdaemon list --help"),
        (["stop"], "missing argument 'SELECTOR...'; see pmdaemon stop --help"),
        (["env", "1", "2"], "got unexpected extra argument (2); see pmdaemon env --help"),
        (["logs", "--lines", "x"],
         "invalid value for '--lines': 'x' is not a number; see pmdaemon logs --help"),
        (["logs", "--lines=-1"],
         "invalid value for '--lines': -1 is less than 0; see pmdaemon logs --help"),
        (["web", "--port", "99999"],
         "invalid value for '--port': 99999 is not from 0 to 65535; see pmdaemon web --help"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_sentence_that_helps(cli, typed, sentence):
    assert cli(*typed) == 2
    assert cli.err == f"pmdaemon: {sentence}\n"
    assert cli.out == ""


def test_the_manual_says_what_the_commands_say():
    assert PATH.read_text("utf-8") == manual(), "run: python -m tests.support.cli_manual"


ROFF = {
    r"\(dq": '"', r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\-": "-", r"\&": "",
    r"\e": "\\",
}  # fmt: skip
"""How troff writes what means something to it (groff_char(7))."""


def test_the_page_for_man_says_what_the_commands_say():
    page = MAN_PAGE.read_text("utf-8")
    for escape, character in ROFF.items():
        page = page.replace(escape, character)

    blocks = "\n".join(re.findall(r"```\n(.*?)```", manual(), re.DOTALL))
    missing = [line for line in blocks.splitlines() if line.strip() not in page]

    assert missing == [], "run: python -m tests.support.cli_manual"


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_a_script_of_every_shell_is_there_to_be_installed(shell):
    script = COMPLETIONS[shell].read_text("utf-8")

    assert f"_PMDAEMON_COMPLETE={shell}_complete" in script
