import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmdaemon.config.app_fields import read_app, read_apps
from pmdaemon.config.field_table import FIELDS_BY_NAME
from pmdaemon.config.table_fields import EVENTS
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.spec import AppSpec, Command, LogPolicy, RestartPolicy, StopPolicy
from pmdaemon.core.tcp_ports import TcpPorts

EVERYTHING = {
    "script": "server.js",
    "args": "--port 'a b'",
    "interpreter": "runner",
    "interpreter_args": ["--fast"],
    "name": "@me/web",
    "namespace": "shop",
    "cwd": "sub",
    "instances": 2,
    "port": "3000-3001",
    "env": {"A": 1, "B": True, "C": "x"},
    "max_memory_restart": "150M",
    "autorestart": False,
    "max_restarts": "5",
    "min_uptime": "2s",
    "restart_delay": 250,
    "stop_exit_codes": [0, 3],
    "kill_timeout": "3s",
    "stop_signal": "term",
    "log_max_size": "1M",
    "log_keep": 3,
    "log_max_age": "7d",
    "log_compress": False,
}


@pytest.fixture
def base(tmp_path):
    for program in ("node", "runner", "bash"):
        path = tmp_path / "bin" / program
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (tmp_path / "sub").mkdir()
    for script in ("server.js", "other.js", "sub/server.js"):
        (tmp_path / script).touch()
    return tmp_path


def read(base, raw, **more):
    environment = {"PATH": str(base / "bin"), "HOME": "/home/ann", "PMDAEMON_TOKEN": "t"}
    return read_app(raw, base=str(base), environment=environment, **more)


def problems(base, raw):
    with pytest.raises(InvalidConfiguration) as refusal:
        read(base, raw, where="apps[1]")
    return list(refusal.value.problems)


def test_a_script_is_enough(base):
    declared = read(base, {"script": "server.js"})

    assert declared.warnings == ()
    assert declared.spec == AppSpec(
        name="server",
        command=Command("server.js", (), None, (f"{base}/bin/node", f"{base}/server.js")),
        cwd=str(base),
        inherited_env={"PATH": str(base / "bin"), "HOME": "/home/ann"},
    )


def test_every_field_is_read(base):
    declared = read(base, EVERYTHING)

    argv = (f"{base}/bin/runner", "--fast", f"{base}/sub/server.js", "--port", "a b")
    assert declared.warnings == ()
    assert declared.spec == AppSpec(
        name="@me/web",
        command=Command("server.js", ("--port", "a b"), "runner", argv, ("--fast",)),
        cwd=f"{base}/sub",
        namespace="shop",
        instances=2,
        tcp_ports=TcpPorts(3000, 3001),
        env={"A": "1", "B": "true", "C": "x"},
        inherited_env={"PATH": str(base / "bin"), "HOME": "/home/ann"},
        max_memory=150 * 1024**2,
        restart=RestartPolicy(
            autorestart=False,
            max_restarts=5,
            min_uptime=2.0,
            restart_delay=0.25,
            stop_exit_codes=frozenset({0, 3}),
        ),
        stop=StopPolicy(signal="SIGTERM", grace=3.0),
        logs=LogPolicy(max_size=1024**2, keep=3, max_age=7 * 86400.0, compress=False),
    )


@pytest.mark.parametrize(
    ("spelling", "canonical", "value"),
    [
        ("exec_interpreter", "interpreter", "runner"),
        ("execInterpreter", "interpreter", "runner"),
        ("node_args", "interpreter_args", "--inspect"),
        ("nodeArgs", "interpreter_args", "--inspect"),
        ("max_memory", "max_memory_restart", "1G"),
        ("maxMemoryRestart", "max_memory_restart", "1G"),
        ("kill_signal", "stop_signal", "SIGTERM"),
        ("stopExitCodes", "stop_exit_codes", [1]),
        ("minUptime", "min_uptime", 5000),
    ],
)
def test_a_field_has_pm2s_other_names_too(base, spelling, canonical, value):
    other = read(base, {"script": "server.js", spelling: value})

    assert other == read(base, {"script": "server.js", canonical: value})
    assert other != read(base, {"script": "server.js"})


@pytest.mark.parametrize("spelling", ["script", "exec", "cmd", "command"])
def test_the_script_has_several_names(base, spelling):
    assert read(base, {spelling: "server.js"}).spec.name == "server"


def test_two_names_of_a_field_may_agree(base):
    assert read(base, {"script": "server.js", "exec": "server.js"}).warnings == ()


def test_two_names_of_a_field_must_not_disagree(base):
    assert problems(base, {"script": "server.js", "exec": "other.js"}) == [
        "apps[1].exec: it differs from script, and both mean script"
    ]


def test_null_is_as_good_as_nothing(base):
    raw = dict.fromkeys(EVERYTHING, None) | {"script": "server.js"}

    assert read(base, raw) == read(base, {"script": "server.js"})


def test_no_memory_limit_may_be_spelled_as_zero(base):
    assert read(base, {"script": "server.js", "max_memory_restart": 0}).spec.max_memory is None


def test_output_files_may_have_no_bound(base):
    assert read(base, {"script": "server.js", "log_max_size": 0}).spec.logs.max_size == 0


def test_the_cpus_may_be_given(base):
    spec = read(base, {"script": "server.js", "instances": "max"}, cpus=6).spec

    assert spec.instances == 6


def test_programs_are_looked_up_in_the_apps_own_path_first(base):
    (base / "special").mkdir()
    (base / "bin" / "node").rename(base / "special" / "node")

    spec = read(base, {"script": "server.js", "env": {"PATH": f"{base}/special"}}).spec

    assert spec.command.argv[0] == f"{base}/special/node"


def test_a_folder_may_be_absolute(base):
    spec = read(base, {"script": "server.js", "cwd": str(base / "sub")}).spec

    assert spec.cwd == str(base / "sub")


def test_a_folder_may_be_the_users(base, monkeypatch):
    monkeypatch.setenv("HOME", str(base))

    assert read(base, {"script": "server.js", "cwd": "~/sub"}).spec.cwd == f"{base}/sub"


def test_all_problems_are_told_at_once_with_their_paths(base):
    raw = {
        "script": "nope.js",
        "maxMemoryRestart": "1X",
        "port": 99999,
        "name": "all",
        "env": {"KEY": {}},
        "instances": "many",
        "nonsense": 1,
    }

    assert problems(base, raw) == [
        "apps[1].maxMemoryRestart: not a size: 1X (examples: 150M, 1.5G)",
        "apps[1].port: not a TCP port: 99999 (1 to 65535)",
        "apps[1].name: not a usable name: all (this word means every process)",
        "apps[1].env: KEY is not text, a number or a boolean",
        'apps[1].instances: not a number of instances such as 4 or "max", at most 1000: many',
        f"apps[1].script: cannot run nope.js: no such file or program (looked in {base})",
    ]


def test_a_field_that_nobody_knows_is_told_beside_the_one_that_was_meant(base):
    with pytest.raises(InvalidConfiguration) as refusal:
        apps(base, [{"scirpt": "server.js"}])

    assert refusal.value.problems == (
        "apps[0].script: it is missing",
        "apps[0].scirpt: unknown field; did you mean script?",
    )


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({}, "apps[1].script: it is missing"),
        ({"exec": 1}, "apps[1].exec: not text: 1"),
        ({"script": " "}, "apps[1].script: it is empty"),
        (
            {"script": "server.js", "cwd": "gone"},
            "apps[1].cwd: cannot run in {base}/gone: no such folder",
        ),
        (
            {"script": "server.js", "interpreter": "perl"},
            "apps[1].interpreter: no such interpreter: perl",
        ),
        (
            {"script": "server.js", "instances": 3, "port": "3000-3001"},
            "apps[1].port: 3 instances need a range of as many TCP ports (as 3000-3002)",
        ),
        (
            {"script": "server.js", "instances": 3, "port": "auto:5000-5001"},
            "apps[1].port: 3 instances need a range of as many TCP ports (as auto:5000-5002)",
        ),
    ],
)
def test_each_problem_is_one_sentence(base, raw, problem):
    assert problems(base, raw) == [problem.format(base=base)]


@pytest.mark.parametrize("port", ["3000-3002", "3000-3010", "auto:5000-5002"])
def test_enough_tcp_ports_are_enough(base, port):
    assert read(base, {"script": "server.js", "instances": 3, "port": port}).spec.instances == 3


@pytest.mark.parametrize(
    ("raw", "code", "message"),
    [
        ({"script": "nope.js"}, "script_not_found", "cannot run nope.js: no such file"),
        ({"script": "server.js", "name": "-x"}, "invalid_name", "not a usable name: -x"),
        ({"script": "server.js", "port": 99999}, "invalid_input", "port: not a TCP port: 99999 "),
        (
            {"script": "server.js", "max_memory": "1X"},
            "invalid_input",
            "max_memory: not a size: 1X ",
        ),
    ],
)
def test_without_a_file_a_single_problem_has_its_own_code(base, raw, code, message):
    with pytest.raises(InvalidInput) as refusal:
        read(base, raw)

    assert refusal.value.code == code
    assert refusal.value.message.startswith(message)


def test_without_a_file_several_problems_are_told_together(base):
    with pytest.raises(InvalidConfiguration) as refusal:
        read(base, {"script": "server.js", "port": 0, "max_memory": "1X"})

    assert len(refusal.value.problems) == 2


def test_what_is_not_acted_on_is_a_warning(base):
    raw = {"script": "server.js", "windowsHide": True, "vizion": None}

    assert read(base, raw, where="apps[0]").warnings == (
        "apps[0].windowsHide: not acted on by this release",
        "apps[0].vizion: not acted on by this release",
    )


def test_environments_that_were_not_chosen_are_checked_and_left_alone(base):
    raw = {"script": "server.js", "env_production": {"A": 1}, "envTest": {}}
    assert read(base, raw) == read(base, {"script": "server.js"})

    raw = {"script": "server.js", "env_production": {"A": {}}}
    assert problems(base, raw) == ["apps[1].env_production: A is not text, a number or a boolean"]


def test_what_nobody_knows_is_a_warning_with_a_guess(base):
    warnings = read(base, {"script": "server.js", "instnces": 2, "\x1b[2J": 1}).warnings

    assert warnings == (
        "instnces: unknown field; did you mean instances?",
        r"\x1b[2J: unknown field",
    )


def test_an_app_that_is_printed_keeps_its_environments_to_itself(base):
    spec = read(base, {"script": "server.js", "env": {"TOKEN": "s3cret"}}).spec

    assert "s3cret" not in f"{spec} {spec!r}"
    assert "/home/ann" not in repr(spec)


def apps(base, raws, **more):
    environment = {"PATH": f"{base}/bin"}
    return read_apps(raws, source="eco.toml", base=str(base), environment=environment, **more)


def test_the_apps_of_a_file_keep_their_order(base):
    declared = apps(base, [{"script": "server.js"}, {"script": "other.js", "vizion": True}])

    assert [each.spec.name for each in declared] == ["server", "other"]
    assert [len(each.warnings) for each in declared] == [0, 1]


def test_the_problems_of_all_apps_are_told_together(base):
    with pytest.raises(InvalidConfiguration) as refusal:
        apps(base, [{}, {"script": "server.js"}, {"script": "server.js", "port": 0}])

    assert refusal.value.problems == (
        "apps[0].script: it is missing",
        "apps[2].port: not a TCP port: 0 (1 to 65535)",
        "apps[2].name: server is already the name of apps[1]",
    )
    assert refusal.value.message == (
        "cannot use eco.toml: apps[0].script: it is missing (and 2 more)"
    )


def test_what_stands_within_a_table_is_told_with_its_path(base):
    raw = {
        "script": "server.js",
        "health_check": {"url": "nope", "interval": "x", "colour": "red"},
        "hooks": [{"events": "crash", "command": "x"}, {"events": "dance", "url": "http://a/"}],
        "depends_on": ["a", {"name": "b", "condition": "perhaps"}],
        "limits": {"nofile": -1, "files": 1},
    }

    assert problems(base, raw) == [
        "apps[1].health_check.url: not a URL such as http://127.0.0.1:3000/health: nope",
        "apps[1].health_check.interval: not a duration: x (examples: 500ms, 3s, 2m)",
        f"apps[1].hooks[1].events: not {', '.join(EVENTS[:-1])} or all: dance",
        "apps[1].depends_on[1].condition: not started, ready or completed: perhaps",
        f"apps[1].limits.nofile: not a whole number from 0 to {2**62}: -1",
    ]


def test_what_nobody_knows_within_a_table_is_a_warning(base):
    raw = {
        "script": "server.js",
        "health_check": {"url": "http://a/", "retrys": 3},
        "hooks": [{"url": "http://a/", "evnts": "all"}],
    }

    told = [each for each in read(base, raw).warnings if "not acted on" not in each]
    assert told == [
        "health_check.retrys: unknown field; did you mean retries?",
        "hooks[0].evnts: unknown field; did you mean events?",
    ]


def test_two_apps_of_a_file_must_not_have_one_name(base):
    with pytest.raises(InvalidConfiguration) as refusal:
        apps(base, [{"script": "server.js"}, {"script": "other.js", "name": "server"}])

    assert refusal.value.problems == ("apps[1].name: server is already the name of apps[0]",)


@pytest.mark.parametrize("environment", [{"A=B": "c"}, {"A": "\0"}, {"": "x"}])
def test_an_environment_that_no_program_can_have_is_refused(base, environment):
    caller = {"PATH": str(base / "bin"), **environment}

    with pytest.raises(InvalidInput, match="environment: "):
        read_app({"script": "node"}, base=str(base), environment=caller)


@pytest.mark.parametrize("name", ["log_keep", "log_max_files", "logMaxFiles"])
def test_the_number_of_older_files_goes_by_two_names(base, name):
    assert read(base, {"script": "server.js", name: 5}).spec.logs.keep == 5


def test_variables_of_the_caller_are_put_in_where_they_are_asked_for(base):
    raw = {
        "script": "${APP:-server}.js",
        "args": ["$${HOME}", "${HOME}"],
        "max_restarts": "${N:-5}",
    }

    spec = read(base, raw, interpolate=True).spec

    assert spec.command.argv[1:] == (f"{base}/server.js", "${HOME}", "/home/ann")
    assert spec.restart.max_restarts == 5
    assert read(base, {"script": "server.js", "args": ["${HOME}"]}).spec.command.args == (
        "${HOME}",
    )


def test_a_command_line_is_left_to_the_shell(base):
    spec = read(base, {"script": "node a.js ${PORT:-3000}"}, interpolate=True).spec

    assert spec.command.argv == ("/bin/sh", "-c", "node a.js ${PORT:-3000}")


def test_a_variable_that_is_not_set_is_a_problem_of_its_field(base):
    raw = {"script": "server.js", "cwd": "${NOPE}", "env": {"A": "${NOPE_EITHER}"}}

    with pytest.raises(InvalidConfiguration) as refusal:
        read(base, raw, where="apps[0]", interpolate=True)

    assert [each.split(" is ")[0] for each in refusal.value.problems] == [
        "apps[0].cwd: NOPE",
        "apps[0].env: NOPE_EITHER",
    ]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"name_prefix": "shop"}, "shop:server"),
        ({"name": "web", "appendEnvToName": True}, "web-production"),
        ({"name": "web", "append_env_to_name": False}, "web"),
        ({"name_prefix": "a", "append_env_to_name": True}, "a:server-production"),
    ],
)
def test_a_name_may_be_put_together(base, raw, name):
    spec = read(base, {"script": "server.js", **raw}, env_name="production").spec

    assert spec.name == name


def test_a_name_that_is_put_together_is_a_name(base):
    raw = {"script": "server.js", "name_prefix": "a" * 100, "name": "b" * 100}

    assert [each[:40] for each in problems(base, raw)] == [
        "apps[1].name: not a usable name: aaaaaaa"
    ]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(sorted(FIELDS_BY_NAME)) | st.text(), junk, max_size=5),
    st.booleans(),
)
def test_junk_is_read_or_refused_and_nothing_else(raw, interpolate):
    caller = {"environment": {"PATH": "/bin"}, "interpolate": interpolate}
    said = []
    try:
        said += read_app(raw, base="/", where="apps[0]", **caller).warnings
    except InvalidConfiguration as refusal:
        said += refusal.problems

    assert all(sentence.isprintable() for sentence in said)


def test_a_dependency_that_nobody_knows_is_told_with_whatever_else_is_wrong(base):
    raws = [
        {"name": "a", "script": "runner", "depends_on": ["nobody", "b", "old"], "port": "soon"},
        {"name": "b", "script": "nosuch.js"},
        {"script": "runner", "dependsOn": {"someone": "ready", "a": "ready"}},
    ]

    with pytest.raises(InvalidConfiguration) as refused:
        apps(base, raws, existing=["old"])

    assert [one.partition(": ")[0] for one in refused.value.problems] == [
        "apps[0].port", "apps[1].script", "apps[0].depends_on", "apps[2].dependsOn",
    ]  # fmt: skip
    assert refused.value.problems[-2:] == (
        "apps[0].depends_on: there is no app nobody",
        "apps[2].dependsOn: there is no app someone",
    )


def test_a_dependency_alone_is_left_to_those_who_start_apps(base):
    assert apps(base, [{"script": "server.js", "depends_on": ["nobody"]}], existing=[])


def test_a_file_of_any_name_is_named_on_one_line(tmp_path):
    with pytest.raises(InvalidConfiguration) as refusal:
        read_apps([{}], source="a\nb.json", base=str(tmp_path), environment={})

    assert refusal.value.message.startswith(r"cannot use a\nb.json: apps[0].script")
