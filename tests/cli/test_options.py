import click
import pytest

from pmdaemon.cli.context import Context
from pmdaemon.cli.options import complete_names
from pmdaemon.cli.parser import commands
from tests.support.views import a_view


def completed(environment, incomplete):
    with commands.make_context("pmdaemon", ["ping"], obj=Context(environment)) as ctx:
        return complete_names(ctx, click.Argument(["x"]), incomplete)


def test_names_and_namespaces_are_completed(cli):
    cli.lists(a_view("web", namespace="shop"), a_view("worker", namespace="shop"))

    assert completed(cli.environment, "") == ["all", "shop", "web", "worker"]
    assert completed(cli.environment, "w") == ["web", "worker"]


def test_completing_starts_no_daemon(cli_without_daemon):
    assert completed(cli_without_daemon.environment, "") == []


def test_a_daemon_that_refuses_completes_nothing(cli):
    cli.refuses("list", "internal_error", "no")

    assert completed(cli.environment, "") == []


@pytest.mark.parametrize("arguments", [["list", "--no-color"], ["describe", "app", "--no-color"]])
def test_colours_can_be_turned_off_at_any_command(cli, arguments):
    cli.lists(a_view(detail=True))

    assert cli(*arguments, FORCE_COLOR="1") == 0
    assert "\x1b" not in cli.out

    assert cli(*arguments[:-1], FORCE_COLOR="1") == 0
    assert "\x1b[" in cli.out
