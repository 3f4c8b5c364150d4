"""PM2's commands that do something to processes, with its status lines."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pmdaemon.cli.ecosystem_files import default_file, is_file_of_apps
from pmdaemon.cli.pm2.session import Failed, Session, ids, name_of_line
from pmdaemon.client.calls import Processes, current_directory
from pmdaemon.config.choosing import names_of
from pmdaemon.config.command import default_name
from pmdaemon.core.errors import AppAlreadyExists, ProcessNotFound
from pmdaemon.core.wording import shown

UPDATE_HINT = "Use --update-env to update environment variables"
MODE = {"fork": "fork_mode", "cluster": "cluster_mode"}


def start(session: Session) -> None:
    """Start files of apps, what is named, or programs."""
    for target in session.named or [default_file(current_directory())]:
        if is_file_of_apps(target):
            start_file(session, target)
        elif not _start_what_is_there(session, target):
            _start_program(session, target)
    session.show()


def start_file(session: Session, path: str, *, existing: str = "restart") -> None:
    """Start the apps of a file; those that are there are started anew, or reloaded."""
    file = session.read(path)
    names = names_of(file.apps, None)
    there = session.client.list()
    present = [name for name in names if any(view["name"] == name for view in there)]
    missing = [name for name in names if name not in present]
    if missing:
        session.words.note(f"Applications {', '.join(missing)} not running, starting...")
    action = "reloadProcessId" if existing == "reload" else "restartProcessId"
    for name in present:
        session.words.applying(action, name, [view for view in there if view["name"] == name])
    session.started += names
    views = session.client.start_apps(file.apps, existing=existing, **file.how)  # type: ignore[arg-type] # one of two words
    session.words.done([view for view in views if view["name"] in present])
    for name in missing:
        count = sum(view["name"] == name for view in views)
        session.words.say(f"App [{name}] launched ({count} instances)")


def start_or_restart(session: Session) -> None:
    """Start the apps of a file, or start them anew."""
    start_file(session, session.only_one())
    session.show()


def start_or_reload(session: Session) -> None:
    """Start the apps of a file, or reload them."""
    start_file(session, session.only_one(), existing="reload")
    session.show()


def stop(session: Session) -> int:
    """Stop processes."""
    status = _each(session, "stopProcessId", session.client.stop)
    session.show()
    return status


def delete(session: Session) -> int:
    """Stop processes and forget them."""
    status = _each(session, "deleteProcessId", session.client.delete)
    session.show()
    return status


def restart(session: Session) -> int:
    """Start processes anew; a file is read again."""
    status = _anew(session, "restartProcessId", session.client.restart)
    session.show()
    return status


def reload(session: Session) -> int:
    """Start processes anew, without a gap."""
    parallel = _parallel(session)
    status = _anew(session, "reloadProcessId", partial(session.client.reload, parallel=parallel))
    session.context.link()
    return status


def scale(session: Session) -> None:
    """Have more or fewer instances."""
    if len(session.named) != 2:
        raise Failed("scale wants the name of an app, and how many instances")
    name, count = session.named
    try:
        before = len(session.client.list(name))
    except ProcessNotFound as error:
        raise Failed(f"Application {name} not found") from error
    if count == str(before):
        raise Failed("Nothing to do")
    now = sum(view["wish"] == "up" for view in session.client.scale(name, count))
    session.words.say(f"Scaling {'up' if now > before else 'down'} application")
    session.show()


def reset(session: Session) -> None:
    """Set counters to zero; that there is no such id is no fault for PM2."""
    selector = session.only_one()
    found = [selector] if selector.isdecimal() else ids(session.found(selector))
    for pm_id in found:
        session.words.say(f"Resetting meta for process id {pm_id}")
    try:
        session.client.reset(selector)
    except ProcessNotFound:
        session.words.warn(f"{selector} id unknown")
    session.show()


def send_signal(session: Session) -> None:
    """Send a signal."""
    if len(session.named) != 2:
        raise Failed("sendSignal wants a signal and a name or an id")
    signal, selector = session.named
    kind = "id" if selector.isdecimal() else "name"
    session.words.say(f"Sending signal to process {kind} {selector}")
    session.found(selector)
    session.client.send_signal(signal, selector)
    session.words.plain(f"successfully sent signal {signal} to process {kind} {selector}")
    session.show()


def _start_what_is_there(session: Session, target: str) -> bool:
    try:
        found = session.client.list(target, detail=True)
    except ProcessNotFound:
        return False
    session.words.applying("restartProcessId", target, found)
    session.words.done(
        session.client.restart(
            target, options=_options(session, found), update_env=session.given["update_env"]
        )
    )
    session.started.append(target)
    session.words.say("Process successfully started")
    return True


def _start_program(session: Session, target: str) -> None:
    cwd = current_directory()
    name = session.fields.get("name") or name_of_line(target) or default_name(target, cwd)
    fields = {
        **session.context.defaults(name),
        **session.merged(name, session.fields),
        **session.fields,
    }
    if " " in target:
        fields["name"] = name
    if session.args:
        fields["args"] = session.args
    _refuse_environment(session)
    path = Path(cwd, target)
    if " " not in target and ("/" in target or "." in target) and not path.exists():
        raise Failed(f"Script not found: {path}")
    try:
        views = session.client.start(target, **fields)
    except AppAlreadyExists as error:
        if not session.given["force"]:
            message = "Script already launched, add -f option to force re-execution"
            raise Failed(message) from error
        views = session.client.scale(name, "+1")
    # What was resolved is known only now; PM2 says it before, and nobody can tell.
    [view, *_] = session.client.list(views[0]["pm_id"], detail=True)
    mode, count = MODE[view["declaration"]["exec_mode"]], len(views)
    argv = view["declaration"]["command"]["argv"]
    script = str(path) if path.is_file() else argv[0]
    plural = "s" if count > 1 else ""
    session.started.append(name)
    session.words.say(f"Starting {script} in {mode} ({count} instance{plural})")
    session.words.say("Done.")


def _parallel(session: Session) -> int:
    environment = session.context.environment
    text = session.given["parallel"] or environment.get("PM2_CONCURRENT_ACTIONS") or "1"
    try:
        return int(text)
    except ValueError as error:
        raise Failed(f"cannot reload {shown(text)} instances at a time") from error


def _anew(session: Session, action: str, verb: Callable[..., Processes]) -> int:
    status = 0
    if not session.named:
        raise Failed("missing required argument: a name, an id, a namespace or a file")
    if not session.given["update_env"] and not any(map(is_file_of_apps, session.named)):
        session.words.plain(UPDATE_HINT)
    for selector in session.named:
        if is_file_of_apps(selector):
            start_file(session, selector, existing=action.removesuffix("ProcessId"))
            continue
        _refuse_environment(session)
        if not (found := session.found(selector)):
            session.words.warn("No process found")
            status = 1
            continue
        session.words.applying(action, selector, found)
        views = verb(
            *session.selectors(selector, found),
            options=_options(session, found),
            update_env=session.given["update_env"],
        )
        session.words.done(views)
    return status


def _refuse_environment(session: Session) -> None:
    if session.given["env_name"]:
        raise Failed("Using --env [env] without passing the ecosystem.config.js does not work")


def _options(session: Session, found: Processes) -> dict[str, Any]:
    """Say what is to be otherwise; `--watch` turns watching off where it is on."""
    is_watched = any(view["declaration"]["watch"] for view in found)
    return {
        **session.fields,
        **({"watch": False} if session.fields.get("watch") and is_watched else {}),
    }


def _each(session: Session, action: str, verb: Callable[..., Processes]) -> int:
    status = 0
    if not session.named:
        raise Failed("missing required argument: a name, an id, a namespace or a file")
    for selector in session.named:
        for name in session.names(selector):
            if not (found := session.found(name)):
                session.words.warn("No process found")
                status = 1
                continue
            session.words.applying(action, name, found)
            views = verb(*session.selectors(name, found))
            session.words.done(views)
            if action == "stopProcessId":
                _warn_of_schedules(session, views)
    return status


def _warn_of_schedules(session: Session, views: Sequence[Mapping[str, Any]]) -> None:
    """Say what starts it again, though it was stopped."""
    for view in session.client.list(*ids(views), detail=True):
        cron = view["declaration"]["cron_restart"]
        if cron is not None:
            name = view["name"]
            session.words.note(f"App {name} stopped but CRON RESTART is still UP {cron['cron']}")
