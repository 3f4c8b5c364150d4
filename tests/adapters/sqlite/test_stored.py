import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields, replace

from pmdaemon.adapters.sqlite.stored import (
    UnknownWord,
    process_from_row,
    process_to_row,
    spec_from_json,
    spec_to_json,
)
from pmdaemon.core.process import (
    Backoff,
    Cause,
    Errored,
    Exit,
    Exited,
    Identity,
    Instant,
    Online,
    Process,
    ProcessState,
    Run,
    Starting,
    Stopped,
    Stopping,
    Wish,
)
from pmdaemon.core.routing import Listener
from pmdaemon.core.spec import (
    AppSpec,
    Command,
    Dependency,
    HealthCheck,
    Hook,
    Job,
    Limits,
    LogPolicy,
    Published,
    Readiness,
    RestartPolicy,
    RunAs,
    Schedule,
    StopPolicy,
    WatchPolicy,
)
from pmdaemon.core.tcp_ports import TcpPorts

MINIMAL = AppSpec(name="web", command=Command("web.js", (), None, ("/srv/web.js",)), cwd="/srv")

# Every field differs from its default, so that one which is not stored shows.
ELABORATE = AppSpec(
    name="web",
    command=Command("web.js", ("-v",), "node", ("/usr/bin/node", "/srv/web.js"), ("--inspect",)),
    cwd="/srv",
    namespace="shop",
    instances=4,
    tcp_ports=TcpPorts(5000, 5100, auto=True),
    env={"COLOR": "red"},
    inherited_env={"HOME": "/root"},
    max_memory=150_000_000,
    restart=RestartPolicy(
        autorestart=False,
        max_restarts=3,
        min_uptime=2.5,
        restart_delay=0.1,
        stop_exit_codes=frozenset({0, 42}),
        backoff=0.25,
    ),
    stop=StopPolicy(signal="SIGTERM", grace=0.1234567, message=True, tree=False, drain=2.5),
    logs=LogPolicy(
        max_size=1,
        keep=0,
        max_age=0.5,
        compress=False,
        out_file="/var/log/web.out",
        error_file="/var/log/web.err",
        combined_file="/var/log/web.log",
        merge=True,
        date_format="HH:mm",
        json=True,
        disabled=True,
    ),
    exec_mode="cluster",
    instance_var="NUMBER",
    increment_var="OFFSET",
    autostart=False,
    pid_file="/run/web.pid",
    ready=Readiness(told=True, timeout=9.5),
    health=HealthCheck("tcp", "5000", 1.0, 2.0, 4, 0.5, restart=False),
    cron_restart=Schedule("0 3 * * *", "Europe/Berlin"),
    job=Job(Schedule("@daily"), "queue", 60.0, 3),
    watch=WatchPolicy(("/srv",), ("*.log",), 0.2),
    depends_on=(Dependency("db", "started"),),
    run_as=RunAs(1000, 1001, (1002,), "shop", "/home/shop"),
    limits=Limits(nice=5, umask=0o22, resources={"nofile": 4096}),
    hooks=(Hook(("crash",), ("notify",), "http://localhost/", "s3cret"),),
    proxy=Published(("a.test/b",), True, 80, "ip-hash", Listener("::", 7000)),
    max_runtime=60.0,
    cron_stop=Schedule("0 18 * * *", "UTC"),
    source="/srv/ecosystem.toml",
    stdin=True,
)

whole = st.integers(min_value=0, max_value=2**63 - 1)
seconds = st.floats(allow_nan=False)
instants = st.builds(Instant, seconds, seconds)
runs = st.builds(Run, st.builds(Identity, whole, whole), instants)
exits = st.one_of(
    st.builds(Exit),
    st.builds(Exit, code=st.integers()),
    st.builds(Exit, signal=st.integers()),
)
causes = st.sampled_from(Cause)
states = {
    ProcessState.STOPPED: st.builds(Stopped),
    ProcessState.STARTING: st.builds(Starting, st.none() | runs),
    ProcessState.ONLINE: st.builds(Online, runs, st.booleans()),
    ProcessState.STOPPING: st.builds(
        Stopping, runs, causes, st.none() | exits, killed=st.booleans()
    ),
    ProcessState.BACKOFF: st.builds(Backoff, instants, seconds),
    ProcessState.EXITED: st.builds(Exited),
    ProcessState.ERRORED: st.builds(Errored, st.text(), st.lists(st.text()).map(tuple)),
}
processes = st.builds(
    Process,
    pm_id=whole,
    instance=whole,
    spec=st.just(MINIMAL),
    created=instants,
    wish=st.sampled_from(Wish),
    state=st.one_of(states.values()),
    epoch=whole,
    launch=whole,
    tcp_port=st.none() | whole,
    restarts=whole,
    ends=st.lists(seconds).map(tuple),
    last_exit=st.none() | exits,
    last_cause=st.none() | causes,
    started=st.none() | instants,
    replaces=st.none() | whole,
    lineage=whole,
    backoff=seconds,
    due=st.none() | seconds,
    queued=st.booleans(),
)

any_text = st.text(st.characters())
"""With lone surrogates, which is how an environment that is not UTF-8 looks in Python."""


def a_row(**changes: Any) -> dict[str, Any]:
    created = Instant(wall=5.0, monotonic=1.0)
    process = Process(pm_id=3, instance=0, spec=MINIMAL, created=created)
    return dict(process_to_row(replace(process, **changes)))


def is_default(field: FieldInfo, value: object) -> bool:
    default = field.default
    if field.default_factory is not NODEFAULT:
        default = field.default_factory()
    return bool(value == default)


def test_every_state_is_among_those_that_are_tried():
    assert states.keys() == set(ProcessState)


@given(processes)
def test_any_process_is_read_back_equal(process: Process):
    assert process_from_row(process_to_row(process), MINIMAL) == process


@given(processes)
def test_any_process_is_made_of_values_that_sqlite_holds(process: Process):
    kinds = {type(value) for value in process_to_row(process).values()}

    assert kinds <= {int, float, str, type(None)}


def test_every_field_of_a_process_is_among_those_that_are_tried():
    tried = {
        "pm_id",
        "instance",
        "spec",
        "created",
        "wish",
        "state",
        "epoch",
        "launch",
        "tcp_port",
        "restarts",
        "ends",
        "last_exit",
        "last_cause",
        "started",
        "replaces",
        "lineage",
        "backoff",
        "due",
        "queued",
    }

    assert {field.name for field in fields(Process)} == tried


def test_a_reason_that_is_not_utf_8_is_stored_readably():
    row = a_row(state=Errored("no such file: /srv/\udcff.js"))

    assert row["reason"] == "no such file: /srv/\\udcff.js"


@pytest.mark.parametrize(
    ("column", "word"),
    [("state", "frozen"), ("wish", "bored"), ("last_cause", "bored"), ("last_exit", "core 3")],
)
def test_a_word_that_is_not_known_is_refused(column: str, word: str):
    with pytest.raises(UnknownWord, match=word):
        process_from_row(a_row() | {column: word}, MINIMAL)


def test_a_stopping_process_with_an_unknown_cause_is_refused():
    run = Run(Identity(1, 2), Instant(3.0, 4.0))
    row = a_row(state=Stopping(run, Cause.STOP_REQUESTED)) | {"cause": "whim"}

    with pytest.raises(UnknownWord, match="whim"):
        process_from_row(row, MINIMAL)


@pytest.mark.parametrize(
    ("state", "missing"),
    [("online", "pid"), ("stopping", "pid"), ("backoff", "since_wall"), ("errored", "reason")],
)
def test_a_state_without_its_data_is_refused(state: str, missing: str):
    row = a_row() | {"state": state, "cause": "stop requested"}

    with pytest.raises(ValueError, match=f"{missing} is missing"):
        process_from_row(row, MINIMAL)


@pytest.mark.parametrize("spec", [MINIMAL, ELABORATE])
def test_a_declaration_is_read_back_equal(spec: AppSpec):
    assert spec_from_json(spec_to_json(spec)) == spec


@pytest.mark.parametrize(
    "declared",
    [
        ELABORATE,
        ELABORATE.command,
        ELABORATE.tcp_ports,
        ELABORATE.restart,
        ELABORATE.stop,
        ELABORATE.ready,
        ELABORATE.health,
        ELABORATE.cron_restart,
        ELABORATE.job,
        ELABORATE.watch,
        ELABORATE.run_as,
        ELABORATE.limits,
        ELABORATE.logs,
    ],
)
def test_every_field_is_tried_with_something_else_than_its_default(declared: Any):
    values = [(field, getattr(declared, field.name)) for field in fields(declared)]

    assert not [field.name for field, value in values if is_default(field, value)]


@given(st.dictionaries(any_text, any_text))
def test_any_environment_can_be_stored(env: dict[str, str]):
    text = spec_to_json(replace(MINIMAL, env=env, inherited_env=env))

    assert text.encode()
    assert spec_from_json(text).env == env
    assert spec_from_json(text).inherited_env == env


def test_what_an_older_release_did_not_write_has_its_default():
    command = {"script": "web.js", "args": [], "interpreter": None, "argv": ["/srv/web.js"]}
    text = json.dumps({"name": "web", "command": command, "cwd": "/srv"})

    assert spec_from_json(text) == MINIMAL


@pytest.mark.parametrize("policy", ["restart", "stop", "logs"])
def test_a_policy_with_nothing_in_it_is_the_default_one(policy: str):
    data = json.loads(spec_to_json(ELABORATE)) | {policy: {}}

    assert getattr(spec_from_json(json.dumps(data)), policy) == getattr(MINIMAL, policy)


def test_what_this_release_does_not_know_is_passed_over():
    data = json.loads(spec_to_json(ELABORATE)) | {"mood": "good"}

    assert spec_from_json(json.dumps(data)) == ELABORATE
