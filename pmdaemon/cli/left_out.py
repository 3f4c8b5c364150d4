"""PM2's commands that pmdaemon does not have, each with what to use instead."""

from pmdaemon.core.errors import Unsupported

_SERVICE = "PM2's paid service is not supported"
_MODULES = "PM2 modules are not supported"
_NODE = "pmdaemon injects nothing into Node programs"

LEFT_OUT: dict[str, tuple[str, str]] = {
    "install": (_MODULES, "start a program with pmdaemon start; logs are rotated anyway"),
    "module:install": (_MODULES, "start a program with pmdaemon start"),
    "uninstall": (_MODULES, "there is nothing to remove"),
    "module:uninstall": (_MODULES, "there is nothing to remove"),
    "module:update": (_MODULES, "there is nothing to update"),
    "module:generate": (_MODULES, "write a program, and start it with pmdaemon start"),
    "package": (_MODULES, "use npm pack"),
    "publish": (_MODULES, "use npm publish"),
    "module:publish": (_MODULES, "use npm publish"),
    "link": (_SERVICE, "use pmdaemon web, and its dashboard"),
    "unlink": (_SERVICE, "there is nothing to unlink"),
    "monitor": (_SERVICE, "use pmdaemon monit, or /metrics of pmdaemon web"),
    "unmonitor": (_SERVICE, "there is nothing to turn off"),
    "open": (_SERVICE, "use pmdaemon web, and open its address"),
    "plus": (_SERVICE, "use pmdaemon web, and its dashboard"),
    "register": (_SERVICE, "use pmdaemon web, and its dashboard"),
    "login": (_SERVICE, "use pmdaemon token for access to the web API"),
    "logout": (_SERVICE, "use pmdaemon token --revoke"),
    "profile:mem": (_NODE, "start the program with --node-args=--heapsnapshot-signal=SIGUSR2"),
    "profile:cpu": (_NODE, "start the program with --node-args=--cpu-prof"),
    "inspect": (_NODE, "use pmdaemon signal SIGUSR1 NAME, which opens Node's own inspector"),
    "install-otel": (_NODE, "start the program with --node-args='--require …'"),
    "uninstall-otel": (_NODE, "there is nothing to remove"),
    "pull": ("app folders are not updated in place", "use pmdaemon deploy, or git and reload"),
    "forward": ("app folders are not updated in place", "use git checkout and pmdaemon reload"),
    "backward": ("app folders are not updated in place", "use pmdaemon deploy ENV revert"),
    "logrotate": (
        "log files are rotated without it",
        "see --log-max-size, --log-keep and --log-max-age of pmdaemon start",
    ),
    "deepUpdate": ("packages are updated with pip", "use pip install -U pmdaemon; pmdaemon update"),
    "create": ("there are no project templates", "use pmdaemon init"),
    "examples": ("there is no such command", "see pmdaemon init and pmdaemon --help"),
    "autoinstall": (_MODULES, "there is nothing to install"),
}
"""By name: why pmdaemon does not have it, and what to do instead."""


def refusal_of(word: str) -> Unsupported | None:
    """Say why there is no such command; None if PM2 does not have it either."""
    if word not in LEFT_OUT:
        return None
    reason, instead = LEFT_OUT[word]
    return Unsupported(f"there is no {word} command, as {reason}: {instead}", command=word)
