"""The fields that an app may have: PM2's names and aliases for them, and what each is for.

The reading, the schema for editors, the reference in the documents and the words in which `apply`
tells a difference all come from this table.
"""

from msgspec import Struct

from pmdaemon.config import field_kinds as kinds
from pmdaemon.config.field_kinds import Kind
from pmdaemon.config.spelling import unknown


class Field(Struct, frozen=True):
    """One field of an app.

    `into` is where in an `AppSpec` its value goes, as `restart.max_restarts`; empty for those that
    are put together with others. `example` is a value, as an ecosystem file has it.
    """

    name: str
    kind: Kind
    meaning: str
    example: object
    aliases: tuple[str, ...] = ()
    into: str = ""


SECTIONS: dict[str, tuple[Field, ...]] = {
    "What runs": (
        Field(
            "script", kinds.TEXT, "What to run: a file, or a command line.", "server.js",
            ("exec", "cmd", "command"),
        ),
        Field("args", kinds.WORDS, "Arguments for it.", ["--verbose"], into="command.args"),
        Field(
            "interpreter", kinds.TEXT,
            "What runs the file, where its extension does not tell; none for the file itself.",
            "node", ("exec_interpreter",), into="command.interpreter",
        ),
        Field(
            "interpreter_args", kinds.WORDS, "Arguments for the interpreter, before the script.",
            ["--max-old-space-size=200"], ("node_args",), into="command.interpreter_args",
        ),
        Field(
            "cwd", kinds.PATH,
            "Where it runs, relative to the file's folder; its other paths are relative to it.",
            ".", into="cwd",
        ),
        Field(
            "stdin", kinds.SWITCH, "Whether it has a standard input, for pmdaemon send.",
            example=True, into="stdin",
        ),
        Field("uid", kinds.USER, "The user whose rights it has.", 1000, ("user",)),
        Field("gid", kinds.GROUP, "The group whose rights it has.", 1000, ("group",)),
        Field(
            "umask", kinds.UMASK, "The umask it starts with, in quotes.", "022",
            into="limits.umask",
        ),
        Field("nice", kinds.NICE, "Its niceness, from -20 to 19.", 5, (), "limits.nice"),
        Field(
            "limits", kinds.LIMITS, "Its resource limits, by their names in setrlimit(2).",
            {"nofile": 4096, "core": "0"}, (), "limits.resources",
        ),
    ),
    "How it is called": (
        Field("name", kinds.NAME, "Its name; by default after its script.", "web", into="name"),
        Field("name_prefix", kinds.NAME, "Put before its name, with a colon.", "shop"),
        Field(
            "append_env_to_name", kinds.SWITCH, "With --env NAME, call it name-NAME.",
            example=True,
        ),
        Field(
            "namespace", kinds.NAMESPACE, "A group, which commands take in place of a name.",
            "example", into="namespace",
        ),
    ),
    "How many": (
        Field(
            "instances", kinds.INSTANCES,
            "How many of it: a number, max for one a CPU, -1 for one fewer than that.",
            2, into="instances",
        ),
        Field(
            "exec_mode", kinds.EXEC_MODE, "Whether its instances share a listening socket.",
            "cluster", into="exec_mode",
        ),
        Field("execute_command", kinds.SWITCH, "PM2's word for exec_mode fork.", example=True),
        Field(
            "port", kinds.PORT,
            "TCP ports, handed to it as PORT: 3000, 3000-3003, or auto:5000-5100 for free ones.",
            "3000-3001", into="tcp_ports",
        ),
        Field(
            "proxy", kinds.PROXY,
            "Where pmdaemon proxy publishes it: true for its name, hosts, or a table.",
            ["www.example.com", "example.com/shop"], ("domains",), into="proxy",
        ),
        Field(
            "instance_var", kinds.VARIABLE, "The variable that holds an instance's number.",
            "NODE_APP_INSTANCE", into="instance_var",
        ),
        Field(
            "increment_var", kinds.VARIABLE,
            "A variable of env that grows by one from instance to instance.",
            "SHARD", into="increment_var",
        ),
    ),
    "Its environment": (
        Field("env", kinds.VARIABLES, "Variables, on top of what it inherits.", {"MODE": "fast"}),
        Field("env_file", kinds.PATHS, "Files of variables, as .env; env comes on top.", ".env"),
        Field(
            "filter_env", kinds.FILTER,
            "What it does not inherit: variables with one of these texts in their names, or all.",
            ["SECRET"],
        ),
    ),
    "When it ends": (
        Field(
            "autorestart", kinds.SWITCH, "Whether it is started again when it ends by itself.",
            example=True, into="restart.autorestart",
        ),
        Field(
            "max_restarts", kinds.COUNT, "After so many failures it is given up.",
            16, into="restart.max_restarts",
        ),
        Field(
            "min_uptime", kinds.DURATION, "To end sooner than this counts as a failure, too.",
            "1s", into="restart.min_uptime",
        ),
        Field(
            "restart_delay", kinds.DURATION, "The wait before a restart.",
            "100ms", into="restart.restart_delay",
        ),
        Field(
            "exp_backoff_restart_delay", kinds.DURATION,
            "The first wait of a series that grows from failure to failure.",
            "100ms", ("exponential_backoff_restart_delay",), into="restart.backoff",
        ),
        Field(
            "stop_exit_codes", kinds.EXIT_CODES, "Exit codes after which it is left alone.",
            [0], into="restart.stop_exit_codes",
        ),
        Field(
            "max_runtime", kinds.DURATION,
            "After so long a run is ended, and another begun where autorestart is on; 0: never.",
            "12h", into="max_runtime",
        ),
        Field(
            "max_memory_restart", kinds.SIZE_LIMIT,
            "Above this, it and all that it started together, it is started anew.",
            "300M", ("max_memory",), into="max_memory",
        ),
    ),
    "How it is stopped": (
        Field(
            "stop_signal", kinds.SIGNAL, "The signal that asks it to stop.",
            "SIGTERM", ("kill_signal",), into="stop.signal",
        ),
        Field(
            "kill_timeout", kinds.DURATION, "How long that may take before it is killed.",
            "5s", into="stop.grace",
        ),
        Field(
            "drain_timeout", kinds.DURATION,
            "How long a run that was replaced may finish the requests it has before it is stopped.",
            "60s", into="stop.drain",
        ),
        Field(
            "shutdown_with_message", kinds.SWITCH,
            "Send a Node program the message shutdown, in place of the signal.",
            example=True, into="stop.message",
        ),
        Field(
            "treekill", kinds.SWITCH,
            "Whether what it started gets the signal, too; killed is all of it, at any rate.",
            example=True, into="stop.tree",
        ),
        Field(
            "cron_stop", kinds.CRON,
            "When its run is ended; it is down then until cron_restart, a job's time or a start.",
            "0 18 * * *",
        ),
    ),
    "When it is up": (
        Field(
            "autostart", kinds.SWITCH, "Whether it is started at once.", example=True,
            into="autostart",
        ),
        Field(
            "wait_ready", kinds.SWITCH,
            "It is up when it says so: process.send('ready'), or READY=1 as for systemd.",
            example=True, into="ready.told",
        ),
        Field(
            "listen_timeout", kinds.DURATION, "For how long that is waited for.",
            "3s", ("wait_timeout",), into="ready.timeout",
        ),
        Field(
            "depends_on", kinds.DEPENDENCIES,
            "Apps that come first: started, ready, or completed with success.",
            {"db": "ready"}, into="depends_on",
        ),
        Field(
            "health_check", kinds.HEALTH_CHECK,
            "How to find out whether it does its work; plain numbers are in seconds.",
            {"type": "http", "url": "http://127.0.0.1:3000/health", "interval": "10s"},
        ),
        Field("health_check_url", kinds.URL, "The url of health_check.", "http://127.0.0.1/health"),
        Field("health_check_script", kinds.COMMAND, "The command of health_check.", "./check.sh"),
        Field("health_check_interval", kinds.SECONDS, "The interval of health_check.", "10s"),
        Field("health_check_timeout", kinds.SECONDS, "The timeout of health_check.", "5s"),
        Field("health_check_retries", kinds.RETRIES, "The retries of health_check.", 3),
    ),
    "What starts it anew": (
        Field("watch", kinds.WATCH, "Changes of files: true for cwd, or paths.", ["src"]),
        Field(
            "ignore_watch", kinds.TEXTS, "Which are no reason: patterns as in a .gitignore.",
            ["node_modules", "*.log"],
        ),
        Field("watch_delay", kinds.DURATION, "For how long changes are gathered.", "200ms"),
        Field("cron_restart", kinds.CRON, "When it is started anew.", "0 3 * * *", ("cron",)),
        Field(
            "timezone", kinds.TIME_ZONE, "The time zone of cron_restart, cron_stop and job.",
            "Europe/Berlin", ("cron_timezone",),
        ),
        Field(
            "job", kinds.JOB, "It runs when it is due, and at no other time.",
            {"cron": "*/5 * * * *", "overlap": "skip", "timeout": "1m"}, ("schedule",),
        ),
    ),
    "Its output": (
        Field(
            "out_file", kinds.FILE, "Where its standard output goes.", "logs/web.out",
            ("out", "output", "out_log"), "logs.out_file",
        ),
        Field(
            "error_file", kinds.FILE, "Where its standard error goes.", "logs/web.err",
            ("error", "err", "err_file", "err_log"), "logs.error_file",
        ),
        Field(
            "log_file", kinds.FILE, "Where both go together, in addition.", "logs/web.log",
            ("log",), "logs.combined_file",
        ),
        Field(
            "merge_logs", kinds.SWITCH, "Whether its instances share files.",
            example=True, aliases=("combine_logs",), into="logs.merge",
        ),
        Field(
            "log_date_format", kinds.TEXT, "Put the time before each line, so written.",
            "YYYY-MM-DD HH:mm:ss", into="logs.date_format",
        ),
        Field("time", kinds.SWITCH, "The same, as YYYY-MM-DDTHH:mm:ss.", example=True),
        Field("log_type", kinds.LOG_TYPE, "With json, each line is an object.", "json"),
        Field(
            "disable_logs", kinds.SWITCH, "Keep nothing of it.", example=True,
            into="logs.disabled",
        ),
        Field(
            "log_max_size", kinds.SIZE, "At this size a file is exchanged for a new one; 0: never.",
            "10M", into="logs.max_size",
        ),
        Field(
            "log_keep", kinds.KEPT, "So many older files are kept.",
            10, ("log_max_files",), "logs.keep",
        ),
        Field(
            "log_max_age", kinds.DURATION, "For so long output is kept; 0: for ever.",
            "30d", into="logs.max_age",
        ),
        Field(
            "log_compress", kinds.SWITCH, "Whether all but the youngest of them are compressed.",
            example=True, into="logs.compress",
        ),
        Field(
            "pid_file", kinds.PATH, "A file for its pid; {id} stands for its id.", "web.pid",
            ("pid",), "pid_file",
        ),
    ),
    "Who is told": (
        Field(
            "hooks", kinds.HOOKS, "Commands and URLs that are told of its events.",
            [{"events": ["crash", "errored"], "command": "./alert.sh"}], into="hooks",
        ),
    ),
}  # fmt: skip

FIELDS = tuple(field for fields in SECTIONS.values() for field in fields)

INHERITED = Field("inherited_env", kinds.VARIABLES, "What a saved app had inherited.", {})
"""Known to what brings saved apps back, and to nobody else."""

NOT_ACTED_ON = frozenset(
    {
        "automation", "deep_monitoring", "disable_source_map_support", "disable_trace",
        "event_loop_inspector", "force", "install_url", "io", "kill_retry_time", "pmx",
        "post_update", "source_map_support", "trace", "username", "v8", "vizion", "watch_options",
        "windows_hide", "write",
    }
)  # fmt: skip
"""PM2's other attributes: for Node's insides, PM2's paid service, or what needs no setting here."""

FIELDS_BY_NAME = {
    name: field for field in (*FIELDS, INHERITED) for name in (field.name, *field.aliases)
}
"""Each field by its name and by all of its aliases."""

NAMED_ENVIRONMENT = "env_"
"""What a field begins with that holds the variables for `--env NAME`."""


def remark(spelling: str) -> str:
    """Say what is the matter with a field that is none of ours."""
    if spelling in NOT_ACTED_ON:
        return "not acted on by this release"
    return unknown(spelling, [*FIELDS_BY_NAME, *NOT_ACTED_ON])
