"""Values that are kept for scripts, and those among them that are variables of apps."""

from collections.abc import Mapping, Sequence
from functools import partial

from pmdaemon.cli.actions import called
from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.render.text import harmless
from pmdaemon.client import conf_file
from pmdaemon.client.conf_file import Values


def keep(context: Context, pairs: Sequence[tuple[str, str]], *, quiet: bool) -> None:
    """Keep values; an app that one of them names is started anew with it as a variable."""
    home = context.home
    home.ensure()
    conf_file.change(home.conf, partial(_with_all, pairs=pairs))
    for app, variables in _variables(pairs).items():
        _hand_over(context, app, variables, quiet=quiet)


def pairs_of(words: Sequence[str]) -> list[tuple[str, str]]:
    """Make pairs of `key value key value`, which may be one text, as PM2 takes it.

    Raises:
        WrongUsage: there is a key without a value.

    """
    import shlex  # noqa: PLC0415 - for one command

    try:
        split = [word for text in words for word in (shlex.split(text) if " " in text else [text])]
    except ValueError as error:
        raise WrongUsage(f"cannot read these pairs: {str(error).lower()}") from error
    if not split or len(split) % 2:
        raise WrongUsage("multiset wants KEY VALUE pairs")
    return list(zip(split[::2], split[1::2], strict=True))


def _with_all(values: Values, pairs: Sequence[tuple[str, str]]) -> Values:
    for key, value in pairs:
        values = conf_file.with_value(values, key, value)
    return values


def _variables(pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key, value in pairs:
        app, *names = conf_file.words_of(key)
        if len(names) == 1:
            found.setdefault(app, {})[names[0]] = value
    return found


def _hand_over(context: Context, app: str, variables: Mapping[str, str], *, quiet: bool) -> None:
    client = context.client()
    if not any(view["name"] == app and view["wish"] == "up" for view in client.list()):
        return
    for view in client.restart(app, options={"env": dict(variables)}):
        if not quiet:
            print(f"restarted {called(view)} with {harmless(', '.join(variables))}")
