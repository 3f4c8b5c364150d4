"""The texts by which service managers learn to keep the keeper running. Nothing here does anything.

What the texts say, and why, stands in docs/startup.md. In short: the service manager's process is
the keeper. It is told when the daemon is ready, it signals the keeper alone, and it never kills
what the keeper started: a keeper that crashed must not take the programs with it.
"""

import plistlib
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.wording import shown

MARK = "Made by `pmdaemon startup`; `pmdaemon unstartup` removes it."
"""Stands in every file that we write, and in none that we do not."""

OPEN_FILES = (65536, 524288)
"""Soft and hard limit; the hard one is what systemd itself allows its services."""


class Service(Struct, frozen=True, kw_only=True):
    """What the service manager keeps running.

    `environment` holds the variables of the keeper. `stop_patience` is how many seconds it may take
    to end all programs. `user` is who it runs as, where the service manager has a choice.
    """

    name: str
    user: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    stop_patience: int
    wait_for_ip: bool = False


def system_unit(service: Service) -> str:
    """Write a unit of systemd's system manager, which starts it at boot."""
    return _systemd_unit(service, [f"User={_escaped(service.user)}"], "multi-user.target")


def user_unit(service: Service) -> str:
    """Write a unit of a user's own systemd, which starts it when that is started."""
    return _systemd_unit(service, [], "default.target")


def launchd_daemon(service: Service) -> str:
    """Write a property list for launchd's system domain, which starts it at boot."""
    return _property_list(service, {"UserName": service.user})


def launchd_agent(service: Service) -> str:
    """Write a property list for launchd's domain of a user, which starts it at login."""
    return _property_list(service, {})


def _systemd_unit(service: Service, whose: Sequence[str], wanted_by: str) -> str:
    network = "network-online.target" if service.wait_for_ip else "network.target"
    soft, hard = OPEN_FILES
    return "\n".join(
        [
            f"# {MARK}",
            "[Unit]",
            f"Description=pmdaemon, which keeps the programs of {_escaped(service.user)} running",
            f"After={network}",
            *([f"Wants={network}"] if service.wait_for_ip else []),
            "",
            "[Service]",
            "Type=notify",
            "NotifyAccess=main",
            *whose,
            *(
                f"Environment={_quoted(f'{name}={value}')}"
                for name, value in service.environment.items()
            ),
            f"ExecStart={_command(service.argv)}",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "KillMode=process",
            "Delegate=yes",
            f"TimeoutStopSec={service.stop_patience}",
            "Restart=on-failure",
            "RestartSec=1",
            "OOMPolicy=continue",
            f"LimitNOFILE={soft}:{hard}",
            "",
            "[Install]",
            f"WantedBy={wanted_by}",
            "",
        ]
    )


def _command(argv: Sequence[str]) -> str:
    program, *args = argv
    if "$" in program:
        # systemd.service(5): it is put in for variables in arguments, and there alone escaped.
        raise InvalidInput(f"systemd takes no $ in the path of a program: {shown(program)}")
    return " ".join([_quoted(program), *(_quoted(arg.replace("$", "$$")) for arg in args)])


def _quoted(text: str) -> str:
    """Quote a word so that it stays one, and as it is (systemd.syntax(7), "Quoting")."""
    escaped = _escaped(text)
    if re.fullmatch(r"[\w%$./:=,@+-]+", escaped, re.ASCII):
        return escaped
    escaped = escaped.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _escaped(text: str) -> str:
    """Keep specifiers from being filled in (systemd.unit(5), "Specifiers")."""
    if any(ord(character) < 32 for character in text):
        raise InvalidInput(f"a unit cannot hold control characters: {shown(text)}")
    return text.replace("%", "%%")


def _property_list(service: Service, whose: Mapping[str, str]) -> str:
    """Write the keys that launchd.plist(5) describes."""
    soft, hard = OPEN_FILES
    try:
        written = plistlib.dumps(
            {
                "Label": service.name,
                "ProgramArguments": list(service.argv),
                "EnvironmentVariables": dict(service.environment),
                **whose,
                "RunAtLoad": True,
                "KeepAlive": {"SuccessfulExit": False},
                "AbandonProcessGroup": True,
                "ExitTimeOut": service.stop_patience,
                "SoftResourceLimits": {"NumberOfFiles": soft},
                "HardResourceLimits": {"NumberOfFiles": hard},
            },
            sort_keys=False,
        ).decode()
    except ValueError as error:
        raise InvalidInput(f"a property list cannot hold this: {error}") from None
    first, _, rest = written.partition("\n")
    return f"{first}\n<!-- {MARK} -->\n{rest}"
