import pytest

from pmdaemon.config.app_fields import read_apps
from pmdaemon.config.supervisor_file import LARGEST_FILE, read
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput

ENVIRONMENT = {"HOME": "/home/u", "PATH": "/usr/bin:/bin"}


class Folder:
    def __init__(self, path):
        self.path = path

    def write(self, text, name="supervisord.conf"):
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return str(file)

    def read(self, text):
        return read(self.write(text), ENVIRONMENT)

    def app(self, *lines):
        text = "\n".join(["[program:web]", "command=sleep 100", *lines])
        [app] = self.read(text).apps
        return app


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_a_program_is_an_app_with_what_supervisor_does_by_default(folder):
    assert folder.app() == {
        "name": "web",
        "script": "sleep",
        "args": ["100"],
        "interpreter": "none",
        "instances": 1,
        "stop_signal": "SIGTERM",
        "kill_timeout": "10s",
        "min_uptime": "1s",
        "max_restarts": 3,
        "autorestart": True,
        "stop_exit_codes": [0],
    }


def test_what_it_makes_of_a_file_can_be_started(folder):
    apps = folder.read(
        "[program:a]\ncommand=sleep 1\nnumprocs=2\nprocess_name=%(process_num)d\nuser=root\n"
        "umask=022\nstartsecs=0\nstdout_logfile=NONE\nstdout_logfile_maxbytes=50MB\n"
        "stdout_logfile_backups=0\ndirectory=/tmp\nenvironment=A=1\n"
    ).apps

    [declared] = read_apps(apps, source="f", base="/", environment=ENVIRONMENT)
    assert declared.warnings == ()
    assert declared.spec.command.argv[1:] == ("1",)


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("directory=%(here)s/app ; where it is", "cwd", "HERE/app"),
        ("user=www-data", "user", "www-data"),
        ("umask=022", "umask", "022"),
        ("autostart=no", "autostart", False),
        ("autorestart=false", "autorestart", False),
        ("autorestart=true", "autorestart", True),
        ("exitcodes=0,2", "stop_exit_codes", [0, 2]),
        ("stopsignal=quit", "stop_signal", "SIGQUIT"),
        ("stopwaitsecs=3", "kill_timeout", "3s"),
        ("startsecs=0", "min_uptime", "0s"),
        ("startretries=9", "max_restarts", 9),
        ("stdout_logfile=/var/log/%(program_name)s.log", "out_file", "/var/log/web.log"),
        ("stderr_logfile=NONE", "error_file", "NULL"),
        ("stdout_logfile=off", "out_file", "NULL"),
        ("stdout_logfile_maxbytes=50MB", "log_max_size", "50MB"),
        ("stdout_logfile_backups=3", "log_keep", 3),
        ('environment=A="x,y",B=2,HOME_OF="%(ENV_HOME)s"', "env",
         {"A": "x,y", "B": "2", "HOME_OF": "/home/u"}),
        ("environment=A='it''s',RATE=\"50%%\"", "env", {"A": "its", "RATE": "50%"}),
    ],
)  # fmt: skip
def test_settings_have_their_fields(folder, line, field, value):
    value = value.replace("HERE", str(folder.path)) if isinstance(value, str) else value

    assert folder.app(line)[field] == value


def test_what_is_restarted_always_is_so_whatever_its_exit_code(folder):
    assert "stop_exit_codes" not in folder.app("autorestart=true", "exitcodes=0")


def test_processes_that_are_alike_are_instances_and_others_are_apps(folder):
    found = folder.read(
        "[program:a]\ncommand=sleep 1\nnumprocs=3\nprocess_name=a%(process_num)02d\n"
        "[program:b]\ncommand=sleep %(process_num)d\nnumprocs=2\nnumprocs_start=5\n"
        "process_name=%(program_name)s_%(process_num)02d\n"
    )

    assert [(one["name"], one["args"], one.get("instances", 1)) for one in found.apps] == [
        ("a", ["1"], 3),
        ("b_05", ["5"], 1),
        ("b_06", ["6"], 1),
    ]


def test_groups_are_namespaces(folder):
    found = folder.read(
        "[program:a]\ncommand=echo %(group_name)s\n[program:b]\ncommand=echo %(group_name)s\n"
        "[group:jobs]\nprograms=a\n"
    )

    assert [(one.get("namespace"), one["args"]) for one in found.apps] == [
        ("jobs", ["jobs"]),
        (None, ["b"]),
    ]


def test_what_is_said_of_all_programs_is_said_of_each(folder):
    found = folder.read(
        "[supervisord]\nenvironment=A=1,B=2\numask=077\ndirectory=/srv\n"
        "[program:a]\ncommand=echo\nenvironment=B=3\n"
    )

    [app] = found.apps
    assert (app["env"], app["umask"], app["cwd"]) == ({"A": "1", "B": "3"}, "077", "/srv")


def test_values_are_put_into_what_is_said_of_all_programs(folder):
    found = folder.read(
        '[supervisord]\nenvironment=A="%(ENV_HOME)s/a"\ndirectory=%(here)s\npidfile=%(here)s/x\n'
        "[program:a]\ncommand=echo\n"
    )

    [app] = found.apps
    assert (app["env"], app["cwd"]) == ({"A": "/home/u/a"}, str(folder.path))
    assert found.pid_file == f"{folder.path}/x"


def test_variables_that_a_file_sets_are_values_of_what_comes_after(folder):
    found = folder.read(
        "[supervisord]\nenvironment=BASE=90\n"
        "[program:a]\ncommand=serve %(ENV_BASE)s %(ENV_PORT)s\nnumprocs=2\n"
        'environment=PORT="%(ENV_BASE)s%(process_num)02d"\n'
        "process_name=a_%(process_num)d_%(ENV_PORT)s\n"
    )

    assert [(app["name"], app["args"]) for app in found.apps] == [
        ("a_0_9000", ["90", "9000"]),
        ("a_1_9001", ["90", "9001"]),
    ]


def test_a_file_that_is_included_has_its_own_folder(folder):
    folder.write("[program:a]\ncommand=echo %(here)s\n", "50% more/a.conf")

    [app] = folder.read("[include]\nfiles = 50%%?more/a.conf\n").apps

    assert app["args"] == [f"{folder.path}/50%", "more"]


def test_a_section_may_stand_in_several_files(folder):
    folder.write("[program:a]\numask=077\n", "more/a.conf")

    [app] = folder.read("[program:a]\ncommand=echo\n[include]\nfiles = more/*\n").apps

    assert (app["script"], app["umask"]) == ("echo", "077")


def test_blanks_around_a_name_are_no_part_of_it(folder):
    [app] = folder.read("[program: web ]\ncommand=echo\n[group: g ]\nprograms = web\n").apps

    assert (app["name"], app["namespace"]) == ("web", "g")


def test_what_is_wrong_about_all_programs_is_told(folder):
    with pytest.raises(InvalidConfiguration) as refused:
        folder.read("[supervisord]\ndirectory=%(nothing)s\n")

    assert refused.value.problems == (
        "[supervisord]: directory: there is no value for %(nothing)s",
    )  # fmt: skip
    with pytest.raises(InvalidConfiguration, match="environment: expected KEY"):
        folder.read("[supervisord]\nenvironment=A\n")


def test_a_byte_order_mark_is_no_part_of_it(folder):
    [app] = folder.read("\ufeff[program:a]\ncommand=echo\n").apps

    assert app["name"] == "a"


def test_files_that_are_included_are_read_in_the_order_of_their_names(folder):
    folder.write("[program:b]\ncommand=echo b\n", "more/2.conf")
    folder.write("[program:a]\ncommand=echo a\n", "more/1.conf")

    found = folder.read("[include]\nfiles = more/*.conf %(here)s/none.ini\n")

    assert [one["name"] for one in found.apps] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("[program:a]\ncommand=echo\npriority=1", "a: priority is not used"),
        ("[program:a]\ncommand=echo\nredirect_stderr=true", "a: stderr stays in a file of its own"),
        ("[program:a]\ncommand=echo\nstdout_logfile=/dev/stdout", "a: output stays in files"),
        ("[program:a]\ncommand=echo\nstdout_logfile=syslog", "a: output stays in files"),
        ("[eventlistener:m]\ncommand=memmon", "m is not taken over: hooks take the place"),
        ("[fcgi-program:f]\ncommand=php", "f is not taken over: FastCGI"),
        ("[program:a]\ncommand=echo\nnumprocs=0", "a is not taken over: its numprocs is 0"),
        ("[inet_http_server]\nport=9001", "is turned on with pmdaemon web"),
    ],
)
def test_what_cannot_be_taken_over_is_told(folder, text, note):
    [told] = folder.read(text).notes

    assert note in told


def test_notes_on_a_program_of_many_processes_are_told_once(folder):
    text = "[program:a]\ncommand=echo %(process_num)s\nnumprocs=9\nredirect_stderr=true\n"

    assert len(folder.read(f"{text}process_name=a%(process_num)s\n").notes) == 1


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("", "command: it is missing"),
        ("command=echo %(nothing)s", "there is no value for %(nothing)s"),
        ("command=echo %(program_name)d", "%(program_name)d is not a number"),
        ("command=echo\nnumprocs=many", "numprocs: not a number: many"),
        ("command=echo\nnumprocs=1001", "numprocs: it must be at most 1000"),
        ("command=echo\nstopwaitsecs=²", "stopwaitsecs: not a number: ²"),
        ("command=echo\nautostart=maybe", "autostart: neither true nor false: maybe"),
        ("command=echo\nautorestart=maybe", "autorestart: neither true nor false: maybe"),
        ("command=echo\nnumprocs=2", "process_name: with numprocs it must contain"),
        ("command=echo\nenvironment=A", 'environment: expected KEY="value", not A'),
        ('command=echo "a', "command: no closing quotation"),
        ('command=echo\nenvironment=A="a', "environment: no closing quotation"),
    ],
)
def test_all_that_is_wrong_is_told_with_its_section(folder, lines, problem):
    with pytest.raises(InvalidConfiguration) as refused:
        folder.read(f"[program:a]\n{lines}\n[program:b]\n{lines}\n")

    assert [one.partition(": ")[0] for one in refused.value.problems] == [
        "[program:a]",
        "[program:b]",
    ]
    assert problem in refused.value.problems[0]


@pytest.mark.parametrize("text", ["command=1", "[program:a\n", "\x00\x01", "[a]\nb"])
def test_what_is_no_such_file_is_one_sentence(folder, text):
    with pytest.raises(InvalidInput) as refused:
        folder.read(text)

    assert "it is not an INI file" in refused.value.message
    assert "\n" not in refused.value.message


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidInput, match="no such file"):
        read(str(tmp_path / "supervisord.conf"), {})


def test_where_the_daemon_writes_its_pid_is_told(folder):
    assert folder.read("").pid_file == f"{folder.path}/supervisord.pid"
    assert folder.read("[supervisord]\npidfile=/run/s.pid").pid_file == "/run/s.pid"


def test_a_file_that_cannot_be_one_is_not_read(folder):
    with pytest.raises(InvalidInput, match="larger than 10 MiB"):
        folder.read("#" * (LARGEST_FILE + 1))
