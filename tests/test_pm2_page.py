"""The page for those who come from PM2 says of every command and every attribute what is so."""

import re
from pathlib import Path

import pytest

from pmdaemon.cli.left_out import LEFT_OUT
from pmdaemon.cli.verbs import canonical
from pmdaemon.config.field_table import FIELDS_BY_NAME, NOT_ACTED_ON
from pmdaemon.config.spelling import spelled

PAGE = (Path(__file__).parents[1] / "docs" / "pm2.md").read_text()

COMMANDS = [
    "start",
    "stop",
    "restart",
    "reload",
    "startOrRestart",
    "startOrReload",
    "startOrGracefulReload",
    "delete",
    "del",
    "scale",
    "reset",
    "list",
    "ls",
    "l",
    "ps",
    "status",
    "jlist",
    "prettylist",
    "slist",
    "sysinfos",
    "describe",
    "desc",
    "info",
    "show",
    "env",
    "pid",
    "id",
    "logs",
    "log",
    "flush",
    "reloadLogs",
    "monit",
    "dashboard",
    "dash",
    "imonit",
    "send",
    "attach",
    "sendSignal",
    "trigger",
    "inspect",
    "save",
    "dump",
    "resurrect",
    "cleardump",
    "startup",
    "unstartup",
    "update",
    "updatePM2",
    "deepUpdate",
    "kill",
    "ping",
    "serve",
    "expose",
    "deploy",
    "ecosystem",
    "init",
    "set",
    "get",
    "unset",
    "multiset",
    "conf",
    "config",
    "install",
    "module:install",
    "uninstall",
    "module:uninstall",
    "module:update",
    "module:generate",
    "package",
    "publish",
    "module:publish",
    "pull",
    "forward",
    "backward",
    "report",
    "profile:mem",
    "profile:cpu",
    "create",
    "link",
    "unlink",
    "monitor",
    "unmonitor",
    "open",
    "plus",
    "register",
    "login",
    "logout",
    "logrotate",
    "install-otel",
    "uninstall-otel",
    "completion",
    "examples",
    "autoinstall",
    "web",
]
"""All that PM2 7 has, and `web`, which it had."""

ATTRIBUTES = [
    "script",
    "exec",
    "cmd",
    "command",
    "name",
    "name_prefix",
    "namespace",
    "cwd",
    "args",
    "interpreter",
    "exec_interpreter",
    "interpreter_args",
    "node_args",
    "instances",
    "exec_mode",
    "execute_command",
    "env",
    "filter_env",
    "append_env_to_name",
    "port",
    "increment_var",
    "instance_var",
    "out_file",
    "out",
    "output",
    "out_log",
    "error_file",
    "error",
    "err",
    "err_file",
    "err_log",
    "log_file",
    "log",
    "merge_logs",
    "combine_logs",
    "log_date_format",
    "time",
    "log_type",
    "disable_logs",
    "pid_file",
    "pid",
    "autostart",
    "autorestart",
    "stop_exit_codes",
    "max_restarts",
    "min_uptime",
    "restart_delay",
    "exp_backoff_restart_delay",
    "max_memory_restart",
    "cron_restart",
    "cron",
    "watch",
    "ignore_watch",
    "watch_options",
    "watch_delay",
    "kill_timeout",
    "kill_retry_time",
    "treekill",
    "shutdown_with_message",
    "wait_ready",
    "listen_timeout",
    "uid",
    "user",
    "gid",
    "force",
    "write",
    "post_update",
    "install_url",
    "username",
    "vizion",
    "pmx",
    "automation",
    "trace",
    "disable_trace",
    "v8",
    "event_loop_inspector",
    "deep_monitoring",
    "io",
    "source_map_support",
    "disable_source_map_support",
    "windowsHide",
]
"""All that PM2 7 reads."""

_ROW = re.compile(r"^\| (`.+`) \| (works|not here|not acted on) \| (.*) \|$", re.MULTILINE)


def rows(heading):
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return {
        name: (status, remark)
        for names, status, remark in _ROW.findall(part)
        for name in re.findall(r"`([^`]+)`", names)
    }


def test_every_command_of_pm2s_is_on_the_page_and_nothing_else():
    assert sorted(rows("Commands")) == sorted(COMMANDS)


@pytest.mark.parametrize("word", COMMANDS)
def test_what_the_page_says_of_a_command_is_so(word):
    status, remark = rows("Commands")[word]

    assert (status == "works") == (canonical(word) is not None)
    if status != "works":
        assert word in LEFT_OUT
        assert remark == ": ".join(LEFT_OUT[word])


def test_every_attribute_of_pm2s_is_on_the_page_and_nothing_else():
    assert sorted(map(spelled, rows("Attributes of ecosystem files"))) == sorted(
        map(spelled, ATTRIBUTES)
    )


@pytest.mark.parametrize("name", [*map(spelled, ATTRIBUTES)])
def test_what_the_page_says_of_an_attribute_is_so(name):
    status, remark = rows("Attributes of ecosystem files")[name]

    assert (status == "works") == (name in FIELDS_BY_NAME)
    assert (status == "not acted on") == (name in NOT_ACTED_ON)
    assert remark or status == "works"
