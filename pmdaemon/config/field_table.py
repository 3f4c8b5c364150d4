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
    "What to run": (
        Field(
            "script", kinds.TEXT, "What to run: a file or a command line.", "server.js",
            ("exec", "cmd", "command"),
        ),
        Field("args", kinds.WORDS, "Its arguments.", ["--verbose"], into="command.args"),
        Field(
            "interpreter", kinds.TEXT,
            "What runs the script, if its extension does not tell; none if it runs by itself.",
            "node", ("exec_interpreter",), into="command.interpreter",
        ),
        Field(
            "interpreter_args", kinds.WORDS, "Arguments for the interpreter, before the script.",
            ["--max-old-space-size=200"], ("node_args",), into="command.interpreter_args",
        ),
        Field(
            "cwd", kinds.PATH,
            "Working directory, relative to the file; all other paths are relative to it.",
            ".", into="cwd",
        ),
        Field(
            "stdin", kinds.SWITCH, "Give it a standard input, for pmdaemon send.",
            example=True, into="stdin",
        ),
        Field("uid", kinds.USER, "User to run it as.", 1000, ("user",)),
        Field("gid", kinds.GROUP, "Group to run it as.", 1000, ("group",)),
        Field(
            "umask", kinds.UMASK, "Its umask, in quotes.", "022",
            into="limits.umask",
        ),
        Field("nice", kinds.NICE, "Its niceness, from -20 to 19.", 5, (), "limits.nice"),
        Field(
            "limits", kinds.LIMITS, "Resource limits, named as in setrlimit(2).",
            {"nofile": 4096, "core": "0"}, (), "limits.resources",
        ),
    ),
    "Name": (
        Field("name", kinds.NAME, "Its name; by default that of the script.", "web", into="name"),
        Field("name_prefix", kinds.NAME, "Prefix for its name, separated by a colon.", "shop"),
        Field(
            "append_env_to_name", kinds.SWITCH, "With --env NAME, name it name-NAME.",
            example=True,
        ),
        Field(
            "namespace", kinds.NAMESPACE, "A group of apps; commands accept it in place of a name.",
            "example", into="namespace",
        ),
    ),
    "Instances and ports": (
        Field(
            "instances", kinds.INSTANCES,
            "How many instances: a number, max for one per CPU, -1 for one fewer than that.",
            2, into="instances",
        ),
        Field(
            "exec_mode", kinds.EXEC_MODE, "With cluster, its instances share a listening socket.",
            "cluster", into="exec_mode",
        ),
        Field("execute_command", kinds.SWITCH, "PM2's term for exec_mode fork.", example=True),
        Field(
            "port", kinds.PORT,
            "TCP port, passed as PORT: 3000, 3000-3003, or auto:5000-5100 for free ones.",
            "3000-3001", into="tcp_ports",
        ),
        Field(
            "proxy", kinds.PROXY,
            "Publish it with pmdaemon proxy: true for its name, hosts, or a table.",
            ["www.example.com", "example.com/shop"], ("domains",), into="proxy",
        ),
        Field(
            "instance_var", kinds.VARIABLE, "Variable that holds the number of the instance.",
            "NODE_APP_INSTANCE", into="instance_var",
        ),
        Field(
            "increment_var", kinds.VARIABLE,
            "Variable of env that increases by one from instance to instance.",
            "SHARD", into="increment_var",
        ),
    ),
    "Environment": (
        Field(
            "env", kinds.VARIABLES, "Environment variables, added to those it inherits.",
            {"MODE": "fast"},
        ),
        Field(
            "env_file", kinds.PATHS, "Files with variables, such as .env; env overrides them.",
            ".env",
        ),
        Field(
            "filter_env", kinds.FILTER,
            "Do not inherit variables whose names contain one of these; true inherits none.",
            ["SECRET"],
        ),
    ),
    "Restarts": (
        Field(
            "autorestart", kinds.SWITCH, "Restart it when it exits.",
            example=True, into="restart.autorestart",
        ),
        Field(
            "max_restarts", kinds.COUNT, "Give up after this many failures.",
            16, into="restart.max_restarts",
        ),
        Field(
            "min_uptime", kinds.DURATION, "A run shorter than this counts as a failure.",
            "1s", into="restart.min_uptime",
        ),
        Field(
            "restart_delay", kinds.DURATION, "Wait this long before each restart.",
            "100ms", into="restart.restart_delay",
        ),
        Field(
            "exp_backoff_restart_delay", kinds.DURATION,
            "Wait this long before the first restart, and longer after each failure.",
            "100ms", ("exponential_backoff_restart_delay",), into="restart.backoff",
        ),
        Field(
            "stop_exit_codes", kinds.EXIT_CODES, "Do not restart it after these exit codes.",
            [0], into="restart.stop_exit_codes",
        ),
        Field(
            "max_runtime", kinds.DURATION,
            "End a run after this long, and start another if autorestart is on; 0: never.",
            "12h", into="max_runtime",
        ),
        Field(
            "max_memory_restart", kinds.SIZE_LIMIT,
            "Restart it when it uses more memory than this, with everything it started.",
            "300M", ("max_memory",), into="max_memory",
        ),
    ),
    "Stopping": (
        Field(
            "stop_signal", kinds.SIGNAL, "Signal that asks it to stop.",
            "SIGTERM", ("kill_signal",), into="stop.signal",
        ),
        Field(
            "kill_timeout", kinds.DURATION, "Time to stop before it is killed.",
            "5s", into="stop.grace",
        ),
        Field(
            "drain_timeout", kinds.DURATION,
            "Time for a replaced run to finish its requests before it is stopped.",
            "60s", into="stop.drain",
        ),
        Field(
            "shutdown_with_message", kinds.SWITCH,
            "Send a Node program the message shutdown instead of the signal.",
            example=True, into="stop.message",
        ),
        Field(
            "treekill", kinds.SWITCH,
            "Signal everything it started, too; whatever is left is killed in any case.",
            example=True, into="stop.tree",
        ),
        Field(
            "cron_stop", kinds.CRON,
            "When to stop it; it stays down until cron_restart, the time of its job, or a start.",
            "0 18 * * *",
        ),
    ),
    "Starting and health": (
        Field(
            "autostart", kinds.SWITCH, "Start it at once.", example=True,
            into="autostart",
        ),
        Field(
            "wait_ready", kinds.SWITCH,
            "It is up once it says so: process.send('ready'), or READY=1 as for systemd.",
            example=True, into="ready.told",
        ),
        Field(
            "listen_timeout", kinds.DURATION, "How long it may take to get ready.",
            "3s", ("wait_timeout",), into="ready.timeout",
        ),
        Field(
            "depends_on", kinds.DEPENDENCIES,
            "Apps that must be started, ready, or completed successfully before it.",
            {"db": "ready"}, into="depends_on",
        ),
        Field(
            "health_check", kinds.HEALTH_CHECK,
            "How to check that it works; plain numbers are in seconds.",
            {"type": "http", "url": "http://127.0.0.1:3000/health", "interval": "10s"},
        ),
        Field("health_check_url", kinds.URL, "The url of health_check.", "http://127.0.0.1/health"),
        Field("health_check_script", kinds.COMMAND, "The command of health_check.", "./check.sh"),
        Field("health_check_interval", kinds.SECONDS, "The interval of health_check.", "10s"),
        Field("health_check_timeout", kinds.SECONDS, "The timeout of health_check.", "5s"),
        Field("health_check_retries", kinds.RETRIES, "The retries of health_check.", 3),
    ),
    "File changes and schedules": (
        Field(
            "watch", kinds.WATCH, "Restart it when files change: true for cwd, or paths.", ["src"],
        ),
        Field(
            "ignore_watch", kinds.TEXTS, "Files that do not count: patterns as in a .gitignore.",
            ["node_modules", "*.log"],
        ),
        Field("watch_delay", kinds.DURATION, "Wait this long for further changes.", "200ms"),
        Field("cron_restart", kinds.CRON, "When to restart it.", "0 3 * * *", ("cron",)),
        Field(
            "timezone", kinds.TIME_ZONE, "Time zone of cron_restart, cron_stop and job.",
            "Europe/Berlin", ("cron_timezone",),
        ),
        Field(
            "job", kinds.JOB, "Run it on this schedule only.",
            {"cron": "*/5 * * * *", "overlap": "skip", "timeout": "1m"}, ("schedule",),
        ),
    ),
    "Output": (
        Field(
            "out_file", kinds.FILE, "File for its standard output.", "logs/web.out",
            ("out", "output", "out_log"), "logs.out_file",
        ),
        Field(
            "error_file", kinds.FILE, "File for its standard error.", "logs/web.err",
            ("error", "err", "err_file", "err_log"), "logs.error_file",
        ),
        Field(
            "log_file", kinds.FILE, "File for both, in addition.", "logs/web.log",
            ("log",), "logs.combined_file",
        ),
        Field(
            "merge_logs", kinds.SWITCH, "Its instances share files.",
            example=True, aliases=("combine_logs",), into="logs.merge",
        ),
        Field(
            "log_date_format", kinds.TEXT, "Start each line with the time, in this format.",
            "YYYY-MM-DD HH:mm:ss", into="logs.date_format",
        ),
        Field("time", kinds.SWITCH, "The same, as YYYY-MM-DDTHH:mm:ss.", example=True),
        Field("log_type", kinds.LOG_TYPE, "With json, each line is an object.", "json"),
        Field(
            "disable_logs", kinds.SWITCH, "Keep no output.", example=True,
            into="logs.disabled",
        ),
        Field(
            "log_max_size", kinds.SIZE, "Rotate files at this size; 0: never.",
            "10M", into="logs.max_size",
        ),
        Field(
            "log_keep", kinds.KEPT, "How many rotated files to keep.",
            10, ("log_max_files",), "logs.keep",
        ),
        Field(
            "log_max_age", kinds.DURATION, "How long to keep output; 0: for ever.",
            "30d", into="logs.max_age",
        ),
        Field(
            "log_compress", kinds.SWITCH, "Compress rotated files, except the most recent.",
            example=True, into="logs.compress",
        ),
        Field(
            "pid_file", kinds.PATH, "File for its pid; {id} stands for its id.", "web.pid",
            ("pid",), "pid_file",
        ),
    ),
    "Notifications": (
        Field(
            "hooks", kinds.HOOKS, "Commands and URLs to notify of its events.",
            [{"events": ["crash", "errored"], "command": "./alert.sh"}], into="hooks",
        ),
    ),
}  # fmt: skip

FIELDS = tuple(field for fields in SECTIONS.values() for field in fields)

INHERITED = Field("inherited_env", kinds.VARIABLES, "What a saved app had inherited.", {})
"""For what brings saved apps back only, so it is in no document."""

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
    """Say what is wrong with a field that is not one of ours."""
    if spelling in NOT_ACTED_ON:
        return "not acted on by this release"
    return unknown(spelling, [*FIELDS_BY_NAME, *NOT_ACTED_ON])
