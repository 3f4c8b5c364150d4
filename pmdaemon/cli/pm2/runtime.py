"""`pm2-runtime`, `pm2-dev`, and `pm2 start --no-daemon`: programs in the foreground."""

from collections.abc import Mapping, Sequence

from pmdaemon.cli.ecosystem_files import is_file_of_apps
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.pm2.places import Pm2Context
from pmdaemon.cli.pm2_options import Typed, parse
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


def develop(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `pm2-dev`, and return the status to end with.

    A program is started anew when a file changes, and not left when it ends. A file of apps says
    itself what is watched.

    Raises:
        WrongUsage: it is to do what is done by hooks here.

    """
    more, ignored, rest = _options_to_develop(arguments)
    typed = parse(rest)
    if typed.words[:1] == ["start"]:
        typed = typed._replace(words=typed.words[1:])
    if typed.words and is_file_of_apps(typed.words[0]):
        env_name = typed.given["env_name"]
        named = ["--env", env_name] if env_name else []
        return _typed(["dev", *named, *typed.words], environment)
    fields = {"watch": True, "restart_delay": "1000", **typed.fields}
    if ignored:
        fields["ignore_watch"] = ignored
    return _run(typed._replace(fields=fields), environment, more)


def in_the_foreground(typed: Typed, context: Pm2Context) -> int:
    """Run `pm2 start --no-daemon`."""
    return _run(typed._replace(words=typed.words[1:]), context.environment, ["--prefix"])


def _run(typed: Typed, environment: Mapping[str, str], more: Sequence[str]) -> int:
    own = ["runtime", *more, *_options(typed), *typed.words]
    if typed.args:
        own += ["--", *typed.args]
    return _typed(own, environment)


def _typed(words: list[str], environment: Mapping[str, str]) -> int:
    """Do as if that had been typed."""
    from pmdaemon.cli.context import Context  # noqa: PLC0415 - as `main` has it
    from pmdaemon.cli.parser import parse_and_run  # noqa: PLC0415 - as `main` has it

    return parse_and_run(words, Context({**environment}))


def _options(typed: Typed) -> list[str]:
    """Word PM2's options as ours."""
    words: list[str] = []
    for field, value in typed.fields.items():
        flags = flags_of(field)
        if not flags:
            raise WrongUsage(f"{field} is for ecosystem files here")
        if value is None:
            continue  # it was reset, as nothing else sets it here
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


def _options_to_develop(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Take out what only pm2-dev knows: how output looks, what is not watched, and when to end."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    form, ends, ignored, rest = "--prefix", ["--no-auto-exit"], [""], list[str]()
    words = iter(arguments[:cut])
    for word in words:
        match word:
            case "--raw":
                form = "--raw"
            case "--auto-exit":
                ends = []
            case "--ignore":
                ignored.append(next(words, ""))
            case "--timestamp" | "--silent-exec" | "--test-mode":
                pass
            case "--post-exec":
                raise WrongUsage("pm2-dev runs nothing after a restart here: declare hooks for it")
            case _:
                rest.append(word)
    patterns = [each for one in ignored for each in one.split(",") if each]
    return [form, *ends], patterns, [*rest, *arguments[cut:]]


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
