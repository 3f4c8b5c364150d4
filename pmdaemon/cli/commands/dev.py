"""`dev`."""

from collections.abc import Sequence

import click

from pmdaemon.cli.console import LinePrinter, View
from pmdaemon.cli.context import Context
from pmdaemon.cli.ecosystem_files import default_file, is_file_of_apps
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.exit_codes import FAILED
from pmdaemon.cli.foreground_run import home_of_run, run
from pmdaemon.cli.options import command as command_named
from pmdaemon.cli.options import only_option
from pmdaemon.cli.outcome import outcome
from pmdaemon.cli.publishing import whereabouts
from pmdaemon.cli.render.log_lines import LogForm, LogStyle
from pmdaemon.cli.starting import read_file, start_apps
from pmdaemon.client.calls import current_directory


@command_named("dev")
@click.argument("file", required=False)
@only_option
@click.option("--env", "env_name", metavar="NAME", help="Apply the variables of env_NAME.")
@click.option(
    "--home",
    metavar="DIR",
    help="Keep state and logs in this directory; by default they are removed at the end.",
)
def command(
    context: Context,
    file: str | None,
    *,
    only: tuple[str, ...],
    env_name: str | None,
    home: str | None,
) -> None:
    """Run a project in the foreground: all programs of its file, and their output.

    FILE is an ecosystem file, a Procfile or a prox.yaml; by default, the one in this directory.
    Ctrl-C stops everything, with status 0. If all programs end by themselves, the status is 1.
    """
    target = file or default_file(current_directory())
    if not is_file_of_apps(target):
        raise WrongUsage(f"{target} is no ecosystem file; to run a program: pmdaemon runtime")
    # A file is refused before anything is started.
    apps = read_file(context, target, only=only, env_name=env_name)
    printer = LinePrinter(LogStyle(context.terminal, form=LogForm.PREFIXED))
    with home_of_run(context, home) as inside:

        def bring_up() -> None:
            start_apps(inside, apps, quiet=True)
            if apps.gateway is not None:
                print(*whereabouts(inside, apps.gateway), sep="\n", flush=True)

        status = run(inside, printer, bring_up, judge=judge)
    raise click.exceptions.Exit(status)


def judge(views: Sequence[View]) -> int | None:
    """End when nothing runs any more, which is not what anybody has in mind who develops."""
    return FAILED if views and outcome(views) is not None else None
