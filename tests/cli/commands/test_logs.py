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
