import pytest

from tests.support.views import a_view


@pytest.mark.parametrize("count", ["4", "+2", "-1"])
def test_the_count_goes_to_the_daemon_as_it_was_typed(cli, count):
    cli.does("scale", a_view("web"), a_view("web"))
    cli.lists()

    assert cli("scale", "web", count) == 0
    assert cli.daemon.asked("scale") == [{"name": "web", "count": count}]
    assert cli.out.startswith("web has 2 instances up\n")


def test_one_instance_is_no_plural(cli):
    cli.does("scale", a_view("web"))
    cli.lists()

    cli("scale", "web", "1")

    assert cli.out.startswith("web has 1 instance up\n")


def test_scale_prints_json_alone(cli):
    cli.does("scale", a_view("web"))

    assert cli("scale", "web", "1", "--json") == 0
    assert [view["name"] for view in cli.json] == ["web"]


@pytest.mark.parametrize("words", [[], ["web"], ["web", "1", "2"]])
def test_scale_wants_a_name_and_a_count(cli, words):
    assert cli("scale", *words) == 2
    assert cli.daemon.requests == []
