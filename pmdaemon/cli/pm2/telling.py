"""PM2's commands that tell something, or act on the daemon and its files, with its status lines."""

from pmdaemon import __version__
from pmdaemon.cli.listing import entries_of
from pmdaemon.cli.pm2.session import Failed, Session, ids
from pmdaemon.cli.render.inspect_form import inspected
from pmdaemon.cli.render.text import harmless
from pmdaemon.client import dump_file
from pmdaemon.client.calls import environment_of
from pmdaemon.core.errors import DaemonNotRunning, OperationFailed, ProcessNotFound


def show_list(session: Session) -> None:
    """Draw the list."""
    _ = session.client
    session.show()


def jlist(session: Session) -> None:
    """Print the list as JSON, whatever else is silent."""
    import json  # noqa: PLC0415 - for this command

    session.context.settle()
    print(json.dumps(entries_of(session.context), separators=(",", ":")), end="", flush=True)


def prettylist(session: Session) -> None:
    """Print the list as Node shows values."""
    session.context.settle()
    print(inspected(entries_of(session.context)))


def print_ids(session: Session) -> None:
    """Print ids."""
    try:
        found = ids(session.client.list(session.only_one()))
    except ProcessNotFound:
        found = []
    print(inspected(found))


def print_pids(session: Session) -> None:
    """Print pids; an empty line where there is none."""
    try:
        views = session.client.list(*session.named[:1])
    except ProcessNotFound:
        views = []
    print("\n".join(str(view["pid"] or 0) for view in views))


def ping(session: Session) -> None:
    """Ask for a sign of life."""
    session.client.ping()
    session.words.plain("{ msg: 'pong' }")


def environment(session: Session) -> None:
    """Print variables."""
    selector = session.only_one()
    try:
        views = session.client.list(selector, detail=True)
    except ProcessNotFound as error:
        raise Failed(f"Modules with id {selector} not found") from error
    for name, value in environment_of(views[:1]).items():
        print(f"{harmless(name)}: {harmless(value)}")


def host(session: Session) -> None:
    """Print what the machine has and uses, as Node shows values."""
    from pmdaemon.cli.commands.slist import measured  # noqa: PLC0415 - for this command

    print(inspected(measured(session.client)))


def trigger(session: Session) -> None:
    """Have programs carry out an action, and print what they answer."""
    from pmdaemon.cli.commands.trigger import say_answers  # noqa: PLC0415 - for this command

    if not 2 <= len(session.named) <= 3:
        raise Failed("missing required argument `action_name'")
    selector, action, *params = session.named
    replies = session.client.trigger(action, selector, params=params[0] if params else None)
    session.words.plain(f"{len(replies)} processes have received command {harmless(action)}")
    say_answers(replies)


def flush(session: Session) -> None:
    """Empty files of output; that there are none is no fault for PM2."""
    selector = session.named[0] if session.named else "all"
    if not session.named:
        session.words.say(f"Flushing {session.context.home.of_pm2('pm2.log')}")
    try:
        views = session.client.flush(selector)
    except ProcessNotFound:
        views = []
    flushed = ids(views)
    for entry in entries_of(session.context):
        if entry["pm_id"] in flushed:
            session.words.say("Flushing:")
            session.words.say(entry["pm2_env"]["pm_out_log_path"])
            session.words.say(entry["pm2_env"]["pm_err_log_path"])
    session.words.say("Logs flushed")


def reload_logs(session: Session) -> None:
    """Files that were moved away are made anew by themselves."""
    session.client.ping()
    session.words.plain("Reloading all logs...")
    session.words.plain("All logs reloaded")


def save(session: Session) -> None:
    """Save the list; an empty one only where that is said."""
    if session.named:
        raise Failed("save takes no argument")
    session.words.say("Saving current process list...")
    saved = session.client.save(force=session.given["force"])
    if saved["written"]:
        session.words.say(f"Successfully saved in {saved['path']}")
    else:
        session.words.note("There is no process to save; to save the empty list: pm2 save --force")


def cleardump(session: Session) -> None:
    """Empty the saved list."""
    session.context.settle()
    path = session.context.home.dump
    dump_file.write(path, [])
    session.words.say(f"Successfully created {path}")


def resurrect(session: Session) -> None:
    """Bring the saved list back."""
    session.words.say("Resurrecting")
    path = session.context.home.dump
    session.words.say(f"Restoring processes located in {path}")
    try:
        dump_file.read(path)
    except OperationFailed:
        session.words.fail("No processes saved; DUMP file doesn't exist")
        return
    before = set(ids(session.client.list()))
    back = set(ids(session.client.resurrect())) - before
    for entry in entries_of(session.context):
        if entry["pm_id"] in back:
            session.words.say(f"Process {entry['pm2_env']['pm_exec_path']} restored")
    session.show()


def kill(session: Session) -> None:
    """Delete all processes, and end the daemon; that none runs is no fault for PM2."""
    client = session.context.client(start=False)
    try:
        views = client.list()
        if views:
            session.words.applying("deleteProcessId", "all", views)
            session.words.done(client.delete("all"))
        session.words.say("[v] All Applications Stopped")
        client.kill()
    except DaemonNotRunning:
        session.words.warn("No process found")
        session.words.say("[v] All Applications Stopped")
    session.words.say("[v] PM2 Daemon Stopped")


def update(session: Session) -> None:
    """Replace the daemon by what is installed now; programs run on."""
    session.client.update()
    session.context.link()
    session.words.plain(">>>>>>>>>> PM2 updated")
    session.show()


def version(session: Session) -> None:
    """Print our version."""
    del session
    print(__version__)
