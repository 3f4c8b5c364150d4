"""PM2's command line: what is typed, and how it ends.

What PM2 has words or forms of its own for is in `acting` and `telling`. Everything else is a
command of ours, in PM2's home. As with PM2, whatever goes wrong ends with 1.
"""

import re
import sys
from collections.abc import Mapping, Sequence

import click
from click.exceptions import Exit

from pmdaemon.cli import exit_codes
from pmdaemon.cli.left_out import refusal_of
from pmdaemon.cli.pm2 import acting, describing, keeping, telling
from pmdaemon.cli.pm2.places import Pm2Context
from pmdaemon.cli.pm2.session import Command, Session
from pmdaemon.cli.pm2.wording import Words
from pmdaemon.cli.pm2_options import parse
from pmdaemon.cli.verbs import canonical
from pmdaemon.core.errors import PmdaemonError

FAILED = 1

COMMANDS: dict[str, Command] = {
    "start": acting.start,
    "stop": acting.stop,
    "restart": acting.restart,
    "reload": acting.reload,
    "delete": acting.delete,
    "del": acting.delete,
    "scale": acting.scale,
    "reset": acting.reset,
    "sendSignal": acting.send_signal,
    "startOrRestart": acting.start_or_restart,
    "startOrReload": acting.start_or_reload,
    "startOrGracefulReload": acting.start_or_reload,
    "gracefulReload": acting.reload,
    "list": telling.show_list,
    "ls": telling.show_list,
    "l": telling.show_list,
    "ps": telling.show_list,
    "status": telling.show_list,
    "jlist": telling.jlist,
    "prettylist": telling.prettylist,
    "id": telling.print_ids,
    "pid": telling.print_pids,
    "ping": telling.ping,
    "env": telling.environment,
    "describe": describing.describe,
    "desc": describing.describe,
    "info": describing.describe,
    "show": describing.describe,
    "slist": telling.host,
    "sysinfos": telling.host,
    "trigger": telling.trigger,
    "flush": telling.flush,
    "reloadLogs": telling.reload_logs,
    "save": telling.save,
    "dump": telling.save,
    "cleardump": telling.cleardump,
    "resurrect": telling.resurrect,
    "kill": telling.kill,
    "set": keeping.set_value,
    "multiset": keeping.set_values,
    "get": keeping.get_value,
    "unset": keeping.unset_value,
    "conf": keeping.conf,
    "config": keeping.conf,
    "update": telling.update,
    "updatePM2": telling.update,
}
"""Those that PM2 has words of its own for."""

USAGE = """\
usage: pm2 [options] <command>

pm2 start app.js|ecosystem.config.js, pm2 list, pm2 logs, pm2 restart NAME, pm2 stop NAME,
pm2 delete NAME, pm2 reload NAME, pm2 save, pm2 startup; and all of pmdaemon --help
"""


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command line of PM2's, and return its exit status."""
    context = Pm2Context(environment)
    words = Words(context)
    try:
        return _run(list(arguments), context, words)
    except click.UsageError as error:
        print(f"\n  error: {_worded(error)}\n", file=sys.stderr)
    except PmdaemonError as error:
        words.fail(error.message)
        for problem in _more_problems(error):
            words.fail(problem)
    except Exit as end:
        return end.exit_code
    finally:
        context.close()
    return FAILED


def _run(arguments: list[str], context: Pm2Context, words: Words) -> int:
    if _is_ours(arguments):
        return _ours(arguments, context, words)
    typed = parse(arguments)
    session = Session(context, typed)
    if typed.given["version"]:
        telling.version(session)
        return exit_codes.DONE
    if typed.given["help"]:
        print(USAGE, end="")
        return exit_codes.DONE
    if not typed.words:
        print(USAGE, end="")
        return FAILED
    word = typed.words[0]
    if typed.given["no_daemon"] and word == "start":
        from pmdaemon.cli.pm2.runtime import in_the_foreground  # noqa: PLC0415 - for few

        return in_the_foreground(typed, context)
    command = COMMANDS.get(word)
    if command is None:
        raise refusal_of(word) or _unknown(word)
    status = command(session) or exit_codes.DONE
    if typed.given["attach"] and status == exit_codes.DONE:
        return _ours(["logs", *(session.started or session.named)], context, words)
    return status


def _is_ours(arguments: Sequence[str]) -> bool:
    """Tell what is a command of ours, by the first word."""
    word = next((each for each in arguments if not each.startswith("-")), "")
    return word not in COMMANDS and canonical(word) is not None


def _ours(arguments: list[str], context: Pm2Context, words: Words) -> int:
    """Run a command of ours; how it fails is ours to say, and its status PM2's."""
    from pmdaemon.cli.parser import parse_and_run  # noqa: PLC0415 - for what PM2 has no words for

    while arguments[0].startswith("-"):  # options of PM2's that stand before the command
        arguments = [*arguments[1:], arguments[0]] if arguments[0] != "-s" else arguments[1:]
    if words.silent:
        arguments = [each for each in arguments if each not in {"-s", "--silent"}]
    context.settle()
    if arguments[0] == "web":
        arguments = [*_detached(arguments), *_web_address(arguments, context.environment)]
    if canonical(arguments[0]) == "init" and "--format" not in arguments:
        arguments += ["--format", "js"]
    status = parse_and_run(arguments, context)
    context.link()
    return FAILED if status not in {exit_codes.DONE, exit_codes.INTERRUPTED} else status


def _detached(arguments: Sequence[str]) -> list[str]:
    """Let `web` return at once, as it did with PM2, and take its port as PM2 did."""
    port = ["--port"] if len(arguments) > 1 and arguments[1].isdecimal() else []
    detach = [] if {"--off", "--detach"} & {*arguments} else ["--detach"]
    return [arguments[0], *detach, *port, *arguments[1:]]


def _web_address(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    port = environment.get("PM2_WEB_PORT") or environment.get("PM2_API_PORT")
    said = {"--host": environment.get("PM2_API_IPADDR"), "--port": port}
    return [
        word
        for flag, value in said.items()
        if value and flag not in arguments
        for word in (flag, value)
    ]


def _unknown(word: str) -> PmdaemonError:
    return PmdaemonError(f"Command not found: {word}", code="wrong_usage")


def _worded(complaint: click.UsageError) -> str:
    if isinstance(complaint, click.NoSuchOption):
        return f"unknown option '{complaint.option_name}'"
    sentence = re.sub(r"\s+", " ", complaint.format_message()).strip().rstrip(".")
    return sentence[:1].lower() + sentence[1:]


def _more_problems(error: PmdaemonError) -> list[str]:
    problems = error.details.get("problems")
    return [str(one) for one in problems[1:]] if isinstance(problems, list) else []
