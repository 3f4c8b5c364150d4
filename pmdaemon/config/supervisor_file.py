"""`supervisord.conf`: its programs, as apps of ours, and what cannot be taken over.

What it says is read as supervisor reads it (its documentation, "Configuration File"): sections are
those of an INI file, a semicolon behind a blank begins a comment, and `%(here)s` and the like stand
for values. Commands are split into words, and no shell ever sees them.
"""

import configparser
import re
import shlex
from collections.abc import Iterator, Mapping
from glob import glob
from pathlib import Path
from socket import gethostname
from typing import Any, NamedTuple

from pmdaemon.config.field_values import MOST_INSTANCES
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput
from pmdaemon.core.wording import shown, why

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes."""

_OF_ALL = ("directory", "environment", "pidfile", "umask", "user")
"""The settings of the section `supervisord` that are used here; most are about all programs."""

_EXPRESSION = re.compile(r"%(?:\(([A-Za-z0-9_.-]+)\)([0-9]*[sd])|%)")

_NO_FILE = frozenset({"none", "off"})

_NUMBER = re.compile(r"[0-9]{1,18}")

_ON = ("true", "yes", "on", "1")
_OFF = ("false", "no", "off", "0")

_NOT_TAKEN = {
    "eventlistener": "hooks take the place of event listeners: see docs/triggers.md",
    "fcgi-program": "FastCGI over descriptor 0 is not supported; a cluster shares descriptor 3",
}

_NO_USE = {
    "priority": "there are no priorities: use depends_on for what must be there first",
    "stdout_capture_maxbytes": "output is not captured between marks",
    "stderr_capture_maxbytes": "output is not captured between marks",
    "stdout_events_enabled": "lines of output are not events: pmdaemon logs --json follows them",
    "stderr_events_enabled": "lines of output are not events: pmdaemon logs --json follows them",
    "stdout_syslog": "output is not sent to syslog",
    "stderr_syslog": "output is not sent to syslog",
    "serverurl": "SUPERVISOR_SERVER_URL is not set",
}
"""Settings of a program that are not taken over, with the note on each."""


class Supervised(NamedTuple):
    """What a file declares, and sentences on what will be different."""

    apps: list[dict[str, Any]]
    notes: list[str]
    pid_file: str


def read(path: str, environment: Mapping[str, str]) -> Supervised:
    """Read the file, and those that it includes.

    Raises:
        InvalidInput: it cannot be read.
        InvalidConfiguration: it is not written as it has to be.

    """
    given = _as_values(environment)
    given["here"] = str(Path(path).absolute().parent)
    given["host_node_name"] = gethostname()
    sections = _sections(path, given)
    problems: list[str] = []
    daemon = _of_all(sections.get("supervisord", {}), given, problems)
    try:
        given |= _as_values(_variables(daemon.get("environment")))
    except InvalidInput as error:
        problems.append(f"[supervisord]: {error.message}")
    groups = dict(_groups(sections))
    apps: list[dict[str, Any]] = []
    notes: list[str] = []
    for section, fields in sections.items():
        kind, _, said = section.partition(":")
        name = said.strip()
        if kind in _NOT_TAKEN:
            notes.append(f"{shown(name)} is not taken over: {_NOT_TAKEN[kind]}")
        elif kind == "program":
            names = {**given, "program_name": name, "group_name": groups.get(name, name)}
            try:
                apps += _apps(_Program(name, fields, daemon, names, groups.get(name)), notes)
            except InvalidInput as error:
                problems.append(f"[{shown(section)}]: {error.message}")
    if "inet_http_server" in sections:
        notes.append("the HTTP server is turned on with pmdaemon web")
    if problems:
        raise InvalidConfiguration(shown(path), problems)
    return Supervised(apps, notes, daemon.get("pidfile", f"{given['here']}/supervisord.pid"))


def _of_all(
    section: Mapping[str, str], given: Mapping[str, str], problems: list[str]
) -> dict[str, str]:
    """Read the settings about all programs, and put the values in."""
    found: dict[str, str] = {}
    for key in _OF_ALL:
        if key in section:
            try:
                found[key] = _expanded(section[key], given)
            except InvalidInput as error:
                problems.append(f"[supervisord]: {key}: {error.message}")
    return found


class _Program(NamedTuple):
    """A program's section, with what is said elsewhere about all programs."""

    name: str
    fields: Mapping[str, str]
    daemon: Mapping[str, str]
    names: Mapping[str, str]
    group: str | None

    def of_process(self, number: int) -> "_Program":
        """Give the program as it is for one of its processes, whose own variables are values."""
        several = {"process_num": str(number), "numprocs": self.fields.get("numprocs", "1")}
        one = self._replace(names={**self.names, **several})
        return one._replace(names={**one.names, **_as_values(_variables(one.text("environment")))})

    def text(self, key: str) -> str | None:
        """Give a setting with its values put in."""
        return _expanded(self.fields[key], self.names) if key in self.fields else None

    def whole(self, key: str, default: int) -> int:
        """Give a setting that is a number."""
        text = self.text(key) or str(default)
        if not _NUMBER.fullmatch(text.strip()):
            raise InvalidInput(f"{key}: not a number: {shown(text)}")
        return int(text)

    def switch(self, key: str, *, default: bool) -> bool:
        """Give a setting that is on or off."""
        text = self.text(key)
        return default if text is None else _is_on(key, text)


def _apps(program: _Program, notes: list[str]) -> Iterator[dict[str, Any]]:
    """Make an app of a program, or one of each of its processes where they are not alike."""
    for key, note in _NO_USE.items():
        if key in program.fields:
            notes.append(f"{program.name}: {key} is not used: {note}")
    count, first = program.whole("numprocs", 1), program.whole("numprocs_start", 0)
    if count == 0:
        notes.append(f"{program.name} is not taken over: its numprocs is 0")
        return
    if count > MOST_INSTANCES:
        raise InvalidInput(f"numprocs: it must be at most {MOST_INSTANCES}")
    numbers = range(first, first + count)
    told_apart = ("command", "environment", "directory")
    if all("process_num" not in program.fields.get(key, "") for key in told_apart):
        app = _app(program.of_process(first), notes)
        yield {**app, "name": program.name, "instances": count}
        return
    for number in numbers:
        one = program.of_process(number)
        name = one.text("process_name") or program.name
        yield {**_app(one, notes if number == first else []), "name": name}


def _app(program: _Program, notes: list[str]) -> dict[str, Any]:
    """Make the app of a process."""
    words = _words("command", program.text("command"))
    if not words:
        raise InvalidInput("command: it is missing")
    if program.fields.get("numprocs", "1") != "1" and "process_num" not in (
        program.fields.get("process_name", "%(program_name)s")
    ):
        raise InvalidInput("process_name: with numprocs it must contain %(process_num)s")
    user = program.text("user") or program.daemon.get("user")
    umask = program.text("umask") or program.daemon.get("umask")
    app: dict[str, Any] = {
        "script": words[0],
        "args": words[1:] or None,
        "interpreter": "none",
        "namespace": program.group,
        "cwd": program.text("directory") or program.daemon.get("directory"),
        "env": _environment(program) or None,
        "user": user,
        "umask": umask,
        "autostart": None if program.switch("autostart", default=True) else False,
        "stop_signal": f"SIG{(program.text('stopsignal') or 'TERM').upper().removeprefix('SIG')}",
        "kill_timeout": f"{program.whole('stopwaitsecs', 10)}s",
        "min_uptime": f"{program.whole('startsecs', 1)}s",
        "max_restarts": program.whole("startretries", 3),
        **_restarting(program),
        **_output(program, notes),
    }
    return {key: value for key, value in app.items() if value is not None}


def _restarting(program: _Program) -> dict[str, Any]:
    word = (program.text("autorestart") or "unexpected").lower()
    if word != "unexpected":
        return {"autorestart": _is_on("autorestart", word)}
    codes = re.findall(r"[0-9]+", program.text("exitcodes") or "0")
    return {"autorestart": True, "stop_exit_codes": [int(code) for code in codes]}


def _environment(program: _Program) -> dict[str, str]:
    return {
        **_variables(program.daemon.get("environment")),
        **_variables(program.text("environment")),
    }


def _variables(text: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in _words("environment", text, apart=","):
        if word.strip(","):
            name, is_there, value = word.partition("=")
            if not is_there:
                raise InvalidInput(f'environment: expected KEY="value", not {shown(word)}')
            found[name.strip()] = value
    return found


def _as_values(variables: Mapping[str, str]) -> dict[str, str]:
    """Give variables the names by which they are put into other settings."""
    return {f"ENV_{name}": value for name, value in variables.items()}


def _words(key: str, text: str | None, *, apart: str = "") -> list[str]:
    """Split a text as a shell would, and at these signs as well."""
    lexer = shlex.shlex(text or "", posix=True, punctuation_chars=apart)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError as error:
        raise InvalidInput(f"{key}: {str(error).lower()}") from None


def _output(program: _Program, notes: list[str]) -> dict[str, Any]:
    """Take over files that somebody has chosen; what supervisor makes up is made up here, too."""
    chosen: dict[str, Any] = {}
    for ours, theirs in (("out_file", "stdout_logfile"), ("error_file", "stderr_logfile")):
        path = program.text(theirs) or "AUTO"
        if path.lower() in _NO_FILE:
            chosen[ours] = "NULL"
        elif path.startswith("/dev/") or path.lower() == "syslog":
            notes.append(f"{program.name}: output stays in files: {theirs} is {shown(path)}")
        elif path.lower() != "auto":
            chosen[ours] = path
    if program.switch("redirect_stderr", default=False):
        chosen.pop("error_file", None)
        notes.append(f"{program.name}: stderr stays in a file of its own; pmdaemon logs shows both")
    if (size := program.text("stdout_logfile_maxbytes")) is not None:
        chosen["log_max_size"] = size
    if "stdout_logfile_backups" in program.fields:
        chosen["log_keep"] = program.whole("stdout_logfile_backups", 10)
    return chosen


def _is_on(key: str, text: str) -> bool:
    word = text.strip().lower()
    if word not in {*_ON, *_OFF}:
        raise InvalidInput(f"{key}: neither true nor false: {shown(text)}")
    return word in _ON


def _groups(sections: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for section, fields in sections.items():
        kind, _, name = section.partition(":")
        if kind == "group":
            for program in fields.get("programs", "").split(","):
                yield program.strip(), name.strip()


def _sections(path: str, given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Read the sections of a file and of those it includes; several may have the same section."""
    sections = _sections_of(path)
    for pattern in sections.pop("include", {}).get("files", "").split():
        place = Path(given["here"], _expanded(pattern, given))
        for included in sorted(glob(str(place))):  # noqa: PTH207 - a pattern may be absolute
            for name, fields in _sections_of(included).items():
                sections.setdefault(name, {}).update(fields)
    return sections


def _sections_of(path: str) -> dict[str, dict[str, str]]:
    """Read the sections of one file, whose folder `%(here)s` is within it."""
    here = str(Path(path).absolute().parent).replace("%", "%%")
    parser = _parsed(path)
    return {
        section: {key: text.replace("%(here)s", here) for key, text in parser[section].items()}
        for section in parser.sections()
    }


def _parsed(path: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as in config.ecosystem
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise InvalidInput(f"cannot read {shown(path)}: it is larger than 10 MiB", path=path)
        parser.read_string(data.decode("utf-8-sig"))
    except OSError as error:
        raise InvalidInput(f"cannot read {shown(path)}: {why(error)}", path=path) from error
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = shown(str(error).replace("\n", " "))
        raise InvalidConfiguration(shown(path), [f"it is not an INI file: {reason}"]) from error
    return parser


def _expanded(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, form = found.groups()
        if name is None:
            return "%"
        if name not in values:
            raise InvalidInput(f"there is no value for %({shown(name)}){form}")
        if form == "s":
            return values[name]
        if not _NUMBER.fullmatch(values[name]):
            raise InvalidInput(f"%({shown(name)}){form} is not a number")
        return f"%{form}" % int(values[name])

    return _EXPRESSION.sub(value, text)
