"""What programs say to us, and we to them, besides signals and output.

A Node program has a channel: `process.send` comes here, and so does what our own preload asks for
in the name of an app whose instances share sockets. Any program may send READY=1 to the notify
socket (sd_notify(3)). One that is not Node's finds a shared socket as its descriptor 3
(sd_listen_fds(3)).

Words that our preload uses have `cmd` NODE_PMDAEMON. By that prefix Node takes them for its own,
and keeps them from the program's `message` listeners.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from pmdaemon.core.errors import PmdaemonError
from pmdaemon.core.lifecycle_events import BecameReady, Drained, Event
from pmdaemon.core.node import is_node, shares_sockets
from pmdaemon.core.notices import MessageReceived, Notice, ProcessChanged
from pmdaemon.core.process import Errored, Exited, Identity, Online, Process, Run, Stopped
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Channels, Equipment, Inputs, NotifySocket, SharedSockets

log = logging.getLogger(__name__)

OURS = "NODE_PMDAEMON"
HANDLE = "NODE_HANDLE"
"""What Node says about a descriptor that travels with a message."""


class ProgramLines:
    """Equips programs with lines to us, and listens to what comes over them.

    Args:
        token: names a run.
        post: takes an event to the supervisor's inbox.
        processes: lists all that there are now.
        access: gives the variables by which a program reaches us over the network.
        visible_folders: says what of the home a program may see, if not all of it.
        preload: the file that a Node program whose instances share sockets loads first.

    """

    def __init__(
        self,
        *,
        token: Callable[[Process], str],
        post: Callable[[int, Event], None],
        processes: Callable[[], Iterable[Process]],
        bus: Bus,
        channels: Channels,
        sockets: SharedSockets,
        notify: NotifySocket,
        inputs: Inputs,
        access: Callable[[Process], Mapping[str, str]],
        preload: str,
        visible_folders: Callable[[Process], tuple[str, ...] | None] = lambda _: None,
    ) -> None:
        self._token = token
        self._post = post
        self._bus = bus
        self._channels = channels
        self._sockets = sockets
        self._notify = notify
        self._inputs = inputs
        self._access = access
        self._preload = preload
        self._visible_folders = visible_folders
        self._running: dict[Identity, int] = {}
        self._processes = processes
        self._turn = 0
        notify.attend(self._told_ready)
        bus.subscribe(self._on_notice, ProcessChanged)

    def equip(self, process: Process) -> Equipment:
        """Give what a program is to find beside its own environment.

        Raises:
            PmdaemonError: its shared socket cannot be had.

        """
        spec = process.spec
        variables = dict(self._access(process))
        inherited: tuple[int, ...] = ()
        if self._notify.address is not None:
            variables["NOTIFY_SOCKET"] = self._notify.address
        if is_node(spec):
            inherited = (self._channels.open(self._token(process)),)
            variables.update(NODE_CHANNEL_FD="3", NODE_CHANNEL_SERIALIZATION_MODE="json")
        elif spec.shared_port is not None:
            inherited = (self._sockets.open(spec.name, None, spec.shared_port),)
            variables["LISTEN_FDS"] = "1"
        if shares_sockets(spec):
            options = {**spec.inherited_env, **spec.env}.get("NODE_OPTIONS", "")
            preload = f'--require "{self._preload}"'
            variables["NODE_OPTIONS"] = f"{options} {preload}" if options else preload
            variables["PMDAEMON_PRELOAD"] = preload
        return Equipment(
            env=variables,
            inherited=inherited,
            pid_variable="LISTEN_PID" if "LISTEN_FDS" in variables else None,
            stdin=self._inputs.open(process.run_number) if spec.stdin else None,
            visible_folders=self._visible_folders(process),
        )

    def attend(self, process: Process, run: Run) -> None:
        """Listen to a program from now on."""
        self._running[run.identity] = process.pm_id
        if is_node(process.spec):
            self._channels.attend(
                self._token(process),
                lambda message, descriptor: self._hear(process, run, message, descriptor),
            )

    def withdraw(self, process: Process) -> None:
        """Take back what a program was equipped with that could not be started."""
        self._channels.close(self._token(process))
        self._inputs.close(process.run_number)

    def over(self, process: Process, run: Run) -> None:
        """Be done with a program that has ended."""
        self._running.pop(run.identity, None)
        self._channels.close(self._token(process))
        self._inputs.close(process.run_number)

    def drain(self, process: Process, run: Run) -> None:
        """Have a program take nothing new; one that we cannot tell has nothing to finish."""
        if not self._channels.send(self._token(process), {"cmd": OURS, "act": "drain"}):
            self._post(process.pm_id, Drained(run.identity))

    def say(self, process: Process, message: object) -> bool:
        """Send a message to a program; False when it has no channel, or does not read."""
        return self._channels.send(self._token(process), message)

    def write(self, process: Process, text: str) -> bool:
        """Write to the standard input of a program; False when it has none, or does not read."""
        return self._inputs.write(process.run_number, text.encode("utf-8", "surrogateescape"))

    def have_listeners(self, app: str) -> bool:
        """Whether instances of an app listen on sockets that they share."""
        return self._sockets.has_any(app)

    def _on_notice(self, notice: Notice) -> None:
        """Stop listening for an app of which nothing is up any more, nor on its way."""
        match notice:
            case ProcessChanged(before=Process() as changed) if self._sockets.has_any(changed.name):
                of_the_app = [one for one in self._processes() if one.name == changed.name]
                if all(isinstance(one.state, Stopped | Exited | Errored) for one in of_the_app):
                    self._sockets.close(changed.name)
            case _:
                pass

    def _told_ready(self, ancestry: Sequence[Identity]) -> None:
        for identity in ancestry:
            if (pm_id := self._running.get(identity)) is not None:
                self._post(pm_id, BecameReady(identity, told=True))
                return

    def _hear(self, process: Process, run: Run, message: object, descriptor: int | None) -> None:
        match message:
            case "ready":
                self._post(process.pm_id, BecameReady(run.identity, told=True))
            case {"cmd": "NODE_PMDAEMON", "act": "listening"}:
                self._post(process.pm_id, BecameReady(run.identity, told=False))
            case {"cmd": "NODE_PMDAEMON", "act": "drained"}:
                self._post(process.pm_id, Drained(run.identity))
            case {
                "cmd": "NODE_PMDAEMON",
                "act": "listen",
                "at": [str() | None as host, int(port)],
                "seq": seq,
            }:
                self._share(process, seq, host, port)
            case {"cmd": "NODE_PMDAEMON", "act": "offer"}:
                answer = "give" if self._others(process, run) else "keep"
                self._channels.send(self._token(process), {"cmd": OURS, "act": answer})
            case {"cmd": "NODE_PMDAEMON", "act": "hand", "at": at} if descriptor is not None:
                self._hand_on(process, run, at, descriptor)
            case {"cmd": str(internal)} if internal.startswith("NODE_"):
                pass  # what Node says about its own affairs
            case _:
                self._bus.publish(MessageReceived(process, message))

    def _others(self, process: Process, run: Run) -> Sequence[Process]:
        """List what is up of an app beside this run, which may have lost its place by now."""
        return [
            one
            for one in self._processes()
            if one.name == process.name and isinstance(one.state, Online) and one.run != run
        ]

    def _hand_on(self, process: Process, run: Run, at: object, connection: int) -> None:
        """Have another instance go on with a connection; else the one that had it does."""
        others = self._others(process, run)
        self._turn += 1
        first = self._turn % len(others) if others else 0
        word = _with_handle({"cmd": OURS, "act": "take", "at": at})
        for taker in (*others[first:], *others[:first], process):
            if self._channels.send(self._token(taker), word, connection):
                return

    def _share(self, process: Process, seq: object, host: str | None, port: int) -> None:
        answer: dict[str, object] = {"cmd": OURS, "seq": seq}
        try:
            # Node accepts from its event loop, and takes it as it comes.
            socket = self._sockets.open(process.name, host, port, blocking=False)
        except PmdaemonError as error:
            log.warning("cluster.cannot_listen app=%s reason=%s", process.name, error)
            self._channels.send(
                self._token(process), {**answer, "code": error.details.get("errno", "EADDRINUSE")}
            )
            return
        self._channels.send(self._token(process), _with_handle(answer), socket)


def _with_handle(message: Mapping[str, object]) -> Mapping[str, object]:
    return {"cmd": HANDLE, "type": "net.Native", "msg": message}
