import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import TcpPortTaken
from pmdaemon.core.lifecycle_events import BecameReady, Drained
from pmdaemon.core.notices import MessageReceived, ProcessChanged
from pmdaemon.core.process import Backoff, Cause, Online, Starting, Stopped, Stopping
from pmdaemon.core.spec import Command
from pmdaemon.core.tcp_ports import TcpPorts
from pmdaemon.engine.bus import Bus
from pmdaemon.engine.interfaces import Equipment
from pmdaemon.engine.program_lines import ProgramLines
from tests.fakes.channels import FakeChannels
from tests.fakes.inputs import FakeInputs
from tests.fakes.notify_socket import FakeNotifySocket
from tests.fakes.shared_sockets import FakeSharedSockets
from tests.support.builders import NOW, a_process, a_run, an_app

RUN = a_run()
PYTHON = Command("app.py", (), None, ("/usr/bin/python3", "/srv/app.py"))
CLUSTER = an_app(exec_mode="cluster")
PORT = TcpPorts(3000, 3000)


class Scene:
    def __init__(self):
        self.bus = Bus()
        self.channels = FakeChannels()
        self.sockets = FakeSharedSockets()
        self.notify = FakeNotifySocket()
        self.processes = []
        self.posted = []
        self.heard = []
        self.bus.subscribe(self.heard.append)
        self.lines = ProgramLines(
            token=lambda process: process.run_number,
            post=lambda pm_id, event: self.posted.append((pm_id, event)),
            processes=lambda: self.processes,
            bus=self.bus,
            channels=self.channels,
            sockets=self.sockets,
            notify=self.notify,
            inputs=FakeInputs(),
            access=lambda process: {},
            preload="/lib/preload.cjs",
        )

    def running(self, run=RUN, **changes):
        process = a_process(**{"state": Online(run), "launch": 5, **changes})
        self.lines.equip(process)
        self.lines.attend(process, run)
        return process

    def says(self, process, message, descriptor=None):
        self.channels.tell(process.run_number, message, descriptor)


@pytest.fixture
def scene():
    return Scene()


def test_every_program_may_say_that_it_is_ready(scene):
    equipment = scene.lines.equip(a_process(spec=an_app(command=PYTHON)))

    assert equipment == Equipment(env={"NOTIFY_SOCKET": "/run/notify"})


def test_a_node_program_has_a_channel(scene):
    equipment = scene.lines.equip(a_process())

    assert len(equipment.inherited) == 1
    assert equipment.env["NODE_CHANNEL_FD"] == "3"
    assert equipment.env["NODE_CHANNEL_SERIALIZATION_MODE"] == "json"
    assert "NODE_OPTIONS" not in equipment.env


@pytest.mark.parametrize(
    ("env", "inherited_env", "options"),
    [
        ({}, {}, '--require "/lib/preload.cjs"'),
        ({}, {"NODE_OPTIONS": "--no-warnings"}, '--no-warnings --require "/lib/preload.cjs"'),
        ({"NODE_OPTIONS": "-C a"}, {"NODE_OPTIONS": "-C b"}, '-C a --require "/lib/preload.cjs"'),
    ],
)
def test_a_node_program_in_a_cluster_loads_our_file_after_the_users_options(
    scene, env, inherited_env, options
):
    app = an_app(exec_mode="cluster", env=env, inherited_env=inherited_env)

    equipment = scene.lines.equip(a_process(spec=app))

    assert equipment.env["NODE_OPTIONS"] == options
    assert equipment.env["PMDAEMON_PRELOAD"] == '--require "/lib/preload.cjs"'


def test_another_program_in_a_cluster_finds_the_shared_socket_and_its_own_pid(scene):
    app = an_app(command=PYTHON, exec_mode="cluster", tcp_ports=PORT)

    first = scene.lines.equip(a_process(spec=app))
    second = scene.lines.equip(a_process(spec=app, pm_id=1, instance=1))

    assert first.env["LISTEN_FDS"] == "1"
    assert first.pid_variable == "LISTEN_PID"
    assert first.inherited == second.inherited == (scene.sockets.listening["web", None, 3000],)
    assert scene.sockets.blocking[3000]


def test_a_shared_socket_that_cannot_be_had_is_told(scene):
    scene.sockets.used.add(3000)
    app = an_app(command=PYTHON, exec_mode="cluster", tcp_ports=PORT)

    with pytest.raises(TcpPortTaken):
        scene.lines.equip(a_process(spec=app))


def test_a_program_in_a_cluster_with_ports_of_their_own_has_no_shared_socket(scene):
    app = an_app(command=PYTHON, exec_mode="cluster", tcp_ports=TcpPorts(3000, 3003))

    equipment = scene.lines.equip(a_process(spec=app, tcp_port=3000))

    assert (equipment.inherited, equipment.pid_variable) == ((), None)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ("ready", BecameReady(RUN.identity, told=True)),
        ({"cmd": "NODE_PMDAEMON", "act": "listening"}, BecameReady(RUN.identity, told=False)),
        ({"cmd": "NODE_PMDAEMON", "act": "drained"}, Drained(RUN.identity)),
    ],
)
def test_what_a_node_program_says_is_told_as_an_event(scene, message, event):
    process = scene.running(pm_id=4)

    scene.says(process, message)

    assert scene.posted == [(4, event)]
    assert scene.heard == []


@pytest.mark.parametrize("message", [{"type": "order", "data": 1}, "hello", 5, None, ["ready"]])
def test_any_other_message_is_published(scene, message):
    process = scene.running(pm_id=-5, replaces=4)

    scene.says(process, message)

    assert scene.heard == [MessageReceived(process, message)]
    assert scene.posted == []


@pytest.mark.parametrize(
    "message", [{"cmd": "NODE_HANDLE_ACK"}, {"cmd": "NODE_PMDAEMON", "act": "listen", "at": [1]}]
)
def test_what_node_says_about_its_own_affairs_is_nobodys_business(scene, message):
    scene.says(scene.running(), message)

    assert (scene.heard, scene.posted, scene.channels.sent) == ([], [], [])


@pytest.mark.parametrize("host", [None, "127.0.0.1"])
def test_a_socket_that_is_asked_for_is_handed_over(scene, host):
    process = scene.running(spec=CLUSTER)

    scene.says(process, {"cmd": "NODE_PMDAEMON", "act": "listen", "at": [host, 80], "seq": 7})

    [(_, message, descriptor)] = scene.channels.sent
    assert message == {
        "cmd": "NODE_HANDLE",
        "type": "net.Native",
        "msg": {"cmd": "NODE_PMDAEMON", "seq": 7},
    }
    assert descriptor == scene.sockets.listening["web", host, 80]
    assert not scene.sockets.blocking[80]


def test_a_socket_that_cannot_be_had_is_answered_with_the_systems_error(scene):
    scene.sockets.used.add(80)
    process = scene.running(spec=CLUSTER)

    scene.says(process, {"cmd": "NODE_PMDAEMON", "act": "listen", "at": [None, 80], "seq": 7})

    [(_, message, descriptor)] = scene.channels.sent
    assert message == {"cmd": "NODE_PMDAEMON", "seq": 7, "code": "EADDRINUSE"}
    assert descriptor is None


def test_what_a_child_of_a_program_says_counts_for_the_program(scene):
    process = scene.running(spec=an_app(command=PYTHON), pm_id=4)
    assert process.run == RUN

    scene.notify.tell(a_run(99).identity, a_run(98).identity, RUN.identity, a_run(1).identity)

    assert scene.posted == [(4, BecameReady(RUN.identity, told=True))]


def test_what_a_stranger_says_counts_for_nobody(scene):
    scene.running()

    scene.notify.tell(a_run(99).identity, a_run(1).identity)

    assert scene.posted == []


def test_what_a_program_said_that_has_ended_counts_for_nobody(scene):
    process = scene.running()
    scene.lines.over(process, RUN)

    scene.notify.tell(RUN.identity)

    assert scene.posted == []
    assert scene.channels.opened == set()


def test_a_program_is_asked_over_its_channel_to_drain(scene):
    process = scene.running(spec=CLUSTER)

    scene.lines.drain(process, RUN)

    assert scene.channels.sent == [("0.5", {"cmd": "NODE_PMDAEMON", "act": "drain"}, None)]
    assert scene.posted == []


def taken_by(scene):
    """List the tokens of those that got a connection."""
    return [token for token, message, _ in scene.channels.sent if message["msg"]["act"] == "take"]


HAND = {"cmd": "NODE_PMDAEMON", "act": "hand", "at": [None, 80]}


def test_a_connection_that_a_program_hands_on_goes_to_another_instance(scene):
    leaving = scene.running(spec=CLUSTER)
    other = scene.running(spec=CLUSTER, pm_id=1, run=a_run(2))
    scene.processes = [leaving, other]

    scene.says(leaving, HAND, 99)

    assert scene.channels.sent == [
        (
            other.run_number,
            {
                "cmd": "NODE_HANDLE",
                "type": "net.Native",
                "msg": {"cmd": "NODE_PMDAEMON", "act": "take", "at": [None, 80]},
            },
            99,
        )
    ]


def test_connections_are_shared_out(scene):
    leaving, *others = [scene.running(spec=CLUSTER, pm_id=n, run=a_run(n + 1)) for n in range(3)]
    scene.processes = [leaving, *others]

    for _ in range(4):
        scene.says(leaving, HAND, 99)

    assert sorted(taken_by(scene)) == sorted([one.run_number for one in others] * 2)


def test_a_connection_goes_to_the_run_that_has_the_place_of_the_former_one(scene):
    leaving = scene.running(spec=CLUSTER, pm_id=4)
    new = scene.running(spec=CLUSTER, pm_id=4, run=a_run(2), launch=6)
    scene.processes = [
        new,
        replace(leaving, pm_id=-5, replaces=4, state=Stopping(RUN, Cause.REPLACED, draining=True)),
    ]

    scene.says(leaving, HAND, 99)

    assert taken_by(scene) == [new.run_number]


def test_a_connection_goes_to_the_next_one_where_an_instance_cannot_be_told(scene):
    leaving, deaf, other = [
        scene.running(spec=CLUSTER, pm_id=n, run=a_run(n + 1)) for n in range(3)
    ]
    scene.processes = [leaving, deaf, other]
    scene.channels.close(deaf.run_number)

    for _ in range(2):
        scene.says(leaving, HAND, 99)

    assert taken_by(scene) == [other.run_number] * 2


def alone(scene):
    """Have a program run beside which there is none that could go on with its connections."""
    leaving = scene.running(spec=CLUSTER)
    starting = scene.running(spec=CLUSTER, pm_id=1, state=Starting(a_run(2)))
    stranger = scene.running(spec=an_app(name="other", exec_mode="cluster"), pm_id=2, run=a_run(3))
    scene.processes = [leaving, starting, stranger]
    return leaving


def test_a_connection_comes_back_where_no_other_instance_is_up(scene):
    leaving = alone(scene)

    scene.says(leaving, HAND, 99)

    assert taken_by(scene) == [leaving.run_number]


def test_a_program_may_hand_connections_on_where_another_instance_is_up(scene):
    leaving = scene.running(spec=CLUSTER)
    scene.processes = [leaving, scene.running(spec=CLUSTER, pm_id=1, run=a_run(2))]

    scene.says(leaving, {"cmd": "NODE_PMDAEMON", "act": "offer"})

    assert scene.channels.sent == [
        (leaving.run_number, {"cmd": "NODE_PMDAEMON", "act": "give"}, None)
    ]


def test_a_program_is_to_keep_its_connections_where_no_other_instance_is_up(scene):
    leaving = alone(scene)

    scene.says(leaving, {"cmd": "NODE_PMDAEMON", "act": "offer"})

    assert scene.channels.sent == [
        (leaving.run_number, {"cmd": "NODE_PMDAEMON", "act": "keep"}, None)
    ]


def change_of(scene, *states):
    """Let the instances of an app be in these states now, and tell that one has changed."""
    scene.processes = [
        a_process(pm_id=pm_id, instance=pm_id, state=state) for pm_id, state in enumerate(states)
    ]
    scene.bus.publish(ProcessChanged(a_process(state=Online(RUN)), scene.processes[0]))


def test_connections_are_refused_when_nothing_of_the_app_is_up_any_more(scene):
    scene.sockets.open("web", None, 3000)

    change_of(scene, Stopped(), Stopped())

    assert not scene.lines.have_listeners("web")


@pytest.mark.parametrize("other", [Online(RUN), Backoff(NOW, 5.0)])
def test_connections_wait_as_long_as_an_instance_is_up_or_comes_again(scene, other):
    scene.sockets.open("web", None, 3000)

    change_of(scene, Stopped(), other)

    assert scene.lines.have_listeners("web")
