from tests.support.views import a_view


def test_a_line_is_sent(cli):
    cli.does("send", a_view("web"))
    cli.lists(a_view("web"))

    assert cli("send", "web", "a line") == 0
    assert cli.out.startswith("sent to web (id 0)\n")
    assert cli.daemon.asked("send") == [{"selectors": ["web"], "line": "a line"}]


def test_a_refusal_is_one_sentence(cli):
    cli.refuses("send", "no_standard_input", "it was declared without stdin")

    assert cli("send", "web", "x") == 1
    assert cli.err == "pmdaemon: it was declared without stdin\n"
