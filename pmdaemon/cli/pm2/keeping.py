"""PM2's `set`, `get`, `unset`, `multiset` and `conf`, in its words."""

from collections.abc import Mapping
from functools import partial

from pmdaemon.cli.keeping import keep, pairs_of
from pmdaemon.cli.pm2.session import Failed, Session
from pmdaemon.cli.render.text import harmless
from pmdaemon.client import conf_file
from pmdaemon.core.errors import InvalidInput


def set_value(session: Session) -> None:
    """Keep a value."""
    if len(session.named) != 2:
        raise Failed("set wants a key and a value")
    session.context.settle()
    key, value = session.named
    keep(session.context, [(key, value)], quiet=True)
    _show_changed(session, [key])


def set_values(session: Session) -> None:
    """Keep several values."""
    session.context.settle()
    pairs = pairs_of(session.named)
    keep(session.context, pairs, quiet=True)
    _show_changed(session, [key for key, _ in pairs])


def get_value(session: Session) -> int:
    """Print a value; for PM2 it is a fault where there is none."""
    if not session.named:
        _show(session)
        return 0
    key, values = session.named[0], conf_file.read(session.context.home.conf)
    try:
        value = conf_file.value_of(values, key)
    except InvalidInput:
        return 1
    module, *names = conf_file.words_of(key)
    if isinstance(value, Mapping):
        _show(session, module)
    elif names:
        print(f"Value for module {harmless(module)} key {harmless('.'.join(names))}: {value}")
    else:
        print(value)
    return 0


def unset_value(session: Session) -> None:
    """Keep a value no more; that there is none is no fault for PM2."""
    key = session.only_one()
    try:
        conf_file.change(session.context.home.conf, partial(conf_file.without, key=key))
    except InvalidInput:
        session.words.warn(f"nothing is kept as {key}")
    _show(session)


def conf(session: Session) -> int | None:
    """Print all values, or one; or keep one."""
    if len(session.named) == 2:
        set_value(session)
        return None
    return get_value(session)


def _show_changed(session: Session, keys: list[str]) -> None:
    for module in dict.fromkeys(conf_file.words_of(key)[0] for key in keys if ":" in key):
        session.words.say("Setting changed")
        _show(session, module)


def _show(session: Session, only: str | None = None) -> None:
    """Print values as lines that set them."""
    for module, values in conf_file.read(session.context.home.conf).items():
        if isinstance(values, Mapping) and only in {None, module}:
            session.words.plain(f"Module: {harmless(module)}")
            for name, value in values.items():
                session.words.plain(f"$ pm2 set {harmless(module)}:{harmless(name)} {value}")
