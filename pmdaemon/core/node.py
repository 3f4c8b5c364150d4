"""What is special about programs that Node runs.

Node has a line to whoever started it (`process.send`, and `message` events), so it can say that it
is ready, be told to end by a message, and ask for the sockets that the instances of an app share.
"""

from pmdaemon.core.spec import AppSpec, Command

INTERPRETERS = frozenset({"node", "nodejs"})


def runs_in_node(command: Command) -> bool:
    """Whether the program is run by Node itself, not by something that may start Node later."""
    return command.argv[0].rpartition("/")[2] in INTERPRETERS


def is_node(spec: AppSpec) -> bool:
    """Whether an app is a program of Node's."""
    return runs_in_node(spec.command)


def shares_sockets(spec: AppSpec) -> bool:
    """Whether its instances ask us for the sockets that they listen on, and share them."""
    return spec.exec_mode == "cluster" and is_node(spec)
