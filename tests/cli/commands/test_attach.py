import io

import pytest
from msgspec.structs import replace

from tests.support.views import DECLARED, a_view

WITH_INPUT = replace(DECLARED, stdin=True)


def test_what_is_typed_is_sent_line_by_line(cli, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("one\ntwo\n"))
    cli.lists(a_view("web", detail=True, spec=WITH_INPUT, pm_id=3))
    cli.does("send", a_view("web"))
    cli.daemon.answers("follow", {"result": {}})

    assert cli("attach", "web") == 0
    assert [(body["selectors"], body["line"]) for body in cli.daemon.asked("send")] == [
        (["3"], "one"), (["3"], "two"),
    ]  # fmt: skip


def test_a_program_without_standard_input_is_refused_at_once(cli):
    cli.lists(a_view("web", detail=True))
    cli.refuses("send", "no_standard_input", "it was declared without stdin")

    assert cli("attach", "web") == 1


@pytest.mark.parametrize("count", [0, 2])
def test_it_is_for_one_process(cli, count):
    cli.lists(*(a_view("web", detail=True, pm_id=n) for n in range(count)))

    assert cli("attach", "all") == 2
    assert f"names {count}: give an id" in cli.err
