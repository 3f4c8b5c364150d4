import pytest

from tests.support.views import a_view


@pytest.fixture
def web(cli, tmp_path):
    (tmp_path / "out").write_text("one\ntwo\n")
    (tmp_path / "err").write_text("oh no\n")
    files = {"out_file": str(tmp_path / "out"), "error_file": str(tmp_path / "err")}
    cli.lists(a_view("web", **files))
    return cli


def test_the_last_lines_are_printed(web):
    assert web("logs", "web", "--nostream") == 0
    assert sorted(web.out.splitlines()) == ["0|web ! oh no", "0|web | one", "0|web | two"]
    assert web.daemon.asked("list") == [{"selectors": ["web"]}]


@pytest.mark.parametrize(
    ("flags", "lines"),
    [
        (["--out"], ["one", "two"]),
        (["--err"], ["oh no"]),
        (["--out", "--lines", "1"], ["two"]),
        (["--lines", "0"], []),
    ],
)
def test_streams_and_lines_can_be_chosen(web, flags, lines):
    assert web("log", "--nostream", "--raw", *flags) == 0
    assert web.out.splitlines() == lines


def test_one_stream_at_a_time(web):
    assert web("logs", "--err", "--out") == 2


def test_a_program_that_printed_nothing_has_nothing_to_show(cli, tmp_path):
    cli.lists(a_view(out_file=str(tmp_path / "none"), error_file=str(tmp_path / "none either")))

    assert cli("logs", "--nostream") == 0
    assert cli.out == ""


def test_logs_of_what_is_not_there_are_refused(cli):
    cli.refuses("list", "process_not_found", "no process is called x")

    assert cli("logs", "x") == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["--grep", "("],
        ["--since", "yesterday"],
        ["--since", ""],
        ["--until", "25:00"],
        ["--since", "1h", "--until", "2h"],
        ["--raw", "--json"],
        ["--daemon", "web"],
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_sentence(web, arguments):
    assert web("logs", *arguments) == 2
    assert web.err.startswith("pmdaemon: ")
    assert web.err.count("\n") == 1


def test_only_lines_that_match_are_printed(web):
    assert web("logs", "--nostream", "--raw", "--grep", "^T.O$", "-i") == 0
    assert web.out == "two\n"


def test_until_does_not_follow(web):
    assert web("logs", "--raw", "--out", "--until", "now") == 0
    assert web.out == "one\ntwo\n"


def test_a_format_of_dates_is_taken_and_a_name_is_not(web):
    assert web("logs", "--nostream", "--err", "--timestamp", "web") == 0
    assert web.daemon.asked("list") == [{"selectors": ["web"]}]
    assert web.out == f"{'-':<24} 0|web ! oh no\n"

    assert web("logs", "--nostream", "--err", "--timestamp", "HH:mm", "web") == 0
    assert web.out == "- 0|web ! oh no\n"


@pytest.mark.parametrize("arguments", [["PM2"], ["--daemon"]])
def test_the_log_of_the_daemon_is_shown_whether_it_runs_or_not(cli_without_daemon, home, arguments):
    with open(home.daemon_log, "w") as log:
        log.write("2020-11-22 09:30:00,250 INFO pmdaemon it is\n")

    assert cli_without_daemon("logs", "--nostream", "--timestamp", "ss.SSS", *arguments) == 0
    assert cli_without_daemon.out == (
        "00.250 pmdaemon | 2020-11-22 09:30:00,250 INFO pmdaemon it is\n"
    )
    assert cli_without_daemon("logs", "--nostream", "--since", "1m", *arguments) == 0
    assert cli_without_daemon.out == ""
