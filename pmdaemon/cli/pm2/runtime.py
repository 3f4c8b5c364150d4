"""`pm2-runtime`, and `pm2 start --no-daemon`: programs in the foreground."""

from collections.abc import Mapping, Sequence

from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.pm2.options import Typed, parse
from pmdaemon.cli.pm2.places import Pm2Context
from pmdaemon.cli.start_options import HERE, flags_of

_OUTPUT = {"--json": "--json", "--format": "--prefix", "--formatted": "--prefix", "--raw": "--raw"}
_IGNORED = {"--public", "--secret", "--machine-name"}
"""Options of PM2's paid service, each with a value."""
_PASSED_OVER = {"--no-auto-exit": "--no-auto-exit"}


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `pm2-runtime`, and return the status to end with."""
    more, rest = _own_options(list(arguments))
    typed = parse(rest)
    if typed.words[:1] == ["start"]:
        typed = typed._replace(words=typed.words[1:])
    return _run(typed, environment, more)


def in_the_foreground(typed: Typed, context: Pm2Context) -> int:
    """Run `pm2 start --no-daemon`."""
    return _run(typed._replace(words=typed.words[1:]), context.environment, ["--prefix"])


def _run(typed: Typed, environment: Mapping[str, str], more: Sequence[str]) -> int:
    from pmdaemon.cli.context import Context  # noqa: PLC0415 - as `main` has it
    from pmdaemon.cli.parser import parse_and_run  # noqa: PLC0415 - as `main` has it

    own = ["runtime", *more, *_options(typed), *typed.words]
    if typed.args:
        own += ["--", *typed.args]
    return parse_and_run(own, Context({**environment}))


def _options(typed: Typed) -> list[str]:
    """Word PM2's options as ours."""
    words: list[str] = []
    for field, value in typed.fields.items():
        flags = flags_of(field)
        if not flags:
            raise WrongUsage(f"{field} is for ecosystem files here")
        if field == "watch" and value is True:
            words.append(f"--watch={HERE}")
        elif isinstance(value, list):
            words += [word for one in value for word in (flags[0], one)]
        else:
            words += [flags[0]] if isinstance(value, bool) else [flags[0], value]
    if typed.given["env_name"]:
        words += ["--env", typed.given["env_name"]]
    if typed.given["only"]:
        words += ["--only", typed.given["only"]]
    return words


def _own_options(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Take out what only pm2-runtime knows."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    more: list[str] = []
    rest: list[str] = []
    words = iter(arguments[:cut])
    for word in words:
        if word in _IGNORED or word in {"--web", "--delay"}:
            next(words, None)
        elif word in _OUTPUT:
            more.append(_OUTPUT[word])
        elif word in _PASSED_OVER:
            more.append(_PASSED_OVER[word])
        else:
            rest.append(word)
    return more, [*rest, *arguments[cut:]]
