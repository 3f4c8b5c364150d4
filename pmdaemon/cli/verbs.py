"""The commands there are, known without loading any of them."""

from typing import NamedTuple


class Verb(NamedTuple):
    """A command: its module in `pmdaemon.cli.commands` has its name, as Python writes names."""

    name: str
    summary: str
    aliases: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """The name of its module: `start_or_restart` for `startOrRestart`."""
        name = "".join(f"_{each.lower()}" if each.isupper() else each for each in self.name)
        return f"{name}_" if name == "import" else name  # the one that Python keeps for itself


SECTIONS: dict[str, tuple[Verb, ...]] = {
    "Run programs": (
        Verb("start", "Start a program, the apps of a file, or what is stopped"),
        Verb("stop", "Stop processes"),
        Verb("restart", "Restart processes"),
        Verb("reload", "Replace processes one by one, without downtime"),
        Verb("serve", "Serve the files of a folder over HTTP", ("expose",)),
        Verb("scale", "Change how many instances of an app run"),
        Verb("delete", "Stop processes and forget them", ("del",)),
        Verb("signal", "Send a signal to programs", ("sendSignal",)),
        Verb("send", "Write a line to a program's standard input"),
        Verb("attach", "Talk to a program: type lines, and see its output"),
        Verb("trigger", "Run an action that a Node program offers"),
        Verb("block", "Keep processes from being started"),
        Verb("unblock", "Allow processes to be started again"),
    ),
    "Declare them in a file": (
        Verb("dev", "Run a project in the foreground while you work on it"),
        Verb("init", "Write a first ecosystem file", ("ecosystem",)),
        Verb("validate", "Check an ecosystem file"),
        Verb("apply", "Bring what is running in line with an ecosystem file"),
    ),
    "Look at them": (
        Verb("list", "List all processes", ("ls", "l", "ps", "status")),
        Verb("describe", "Show everything about a process", ("desc", "info", "show")),
        Verb("explain", "Say why a process is up or down"),
        Verb("history", "List past runs of jobs"),
        Verb("logs", "Show and follow output", ("log",)),
        Verb("monit", "Watch everything, full-screen", ("dashboard", "dash", "imonit")),
        Verb("env", "Show the environment of a process"),
        Verb("pid", "Print pids"),
        Verb("slist", "Print what the machine uses, as PM2's JSON", ("sysinfos",)),
    ),
    "Publish them": (
        Verb("proxy", "Publish programs under host names"),
        Verb("requests", "Show the requests that came through the proxy"),
    ),
    "Deploy them from git": (
        Verb("deploy", "Build and run a repository here, or bring it to other machines"),
        Verb("deployments", "List deployments, and show their logs"),
        Verb("rollback", "Run an earlier release again"),
        Verb("project", "Manage projects: repositories, variables, domains"),
        Verb("user", "Manage who deploys over the web API"),
    ),
    "Tidy up": (
        Verb("reset", "Set restart counters to zero"),
        Verb("flush", "Empty log files"),
        Verb("save", "Save the list to a file", ("dump",)),
        Verb("resurrect", "Bring back the saved list"),
    ),
    "Values for scripts and apps": (
        Verb("set", "Set a value, or a variable of an app"),
        Verb("get", "Print a value"),
        Verb("unset", "Remove a value"),
        Verb("multiset", "Set several values"),
        Verb("conf", "Print all values, or set one", ("config",)),
    ),
    "Coming from PM2": (
        Verb("import", "Take over from another process manager"),
        Verb("pm2", "Behave like PM2, word for word"),
        Verb("jlist", "Print the list as PM2's JSON"),
        Verb("prettylist", "Print the list as a JavaScript value"),
        Verb("id", "Print ids as a JavaScript array"),
        Verb("startOrRestart", "Start a file's apps, or restart them"),
        Verb(
            "startOrReload",
            "Start a file's apps, or reload them",
            ("startOrGracefulReload",),
        ),
        Verb("reloadLogs", "Reopen log files that were moved away"),
        Verb("cleardump", "Empty the saved list"),
    ),
    "At boot, and in containers": (
        Verb("startup", "Start the daemon and its programs at boot"),
        Verb("unstartup", "Do not start them at boot any more"),
        Verb("runtime", "Run in the foreground, as the main process of a container"),
    ),
    "The daemon": (
        Verb("web", "Turn the dashboard and the web API on or off"),
        Verb("token", "Make, list and revoke keys for the web API"),
        Verb("ping", "Check that the daemon answers"),
        Verb("kill", "Stop all programs, and the daemon"),
        Verb("update", "Switch to the installed version; programs keep running", ("updatePM2",)),
        Verb("report", "Print what a bug report needs"),
        Verb("completion", "Set up completion in your shell"),
    ),
}

VERBS: dict[str, Verb] = {verb.name: verb for verbs in SECTIONS.values() for verb in verbs}


def canonical(word: str) -> str | None:
    """Return the verb that a word is the name, or an alias, of."""
    if word in VERBS:
        return word
    return next((name for name, verb in VERBS.items() if word in verb.aliases), None)
