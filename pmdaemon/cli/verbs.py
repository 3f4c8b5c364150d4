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
        Verb("start", "Start a program, an ecosystem file, or what is stopped"),
        Verb("stop", "Stop processes"),
        Verb("restart", "Start processes anew"),
        Verb("reload", "Start processes anew, one by one and without a gap"),
        Verb("serve", "Serve the files of a folder by HTTP", ("expose",)),
        Verb("scale", "Run more or fewer instances of an app"),
        Verb("delete", "Stop processes and forget them", ("del",)),
        Verb("signal", "Send a signal to programs", ("sendSignal",)),
        Verb("send", "Write a line to a program"),
        Verb("attach", "Type lines for a program, and see what it prints"),
        Verb("trigger", "Have a Node program carry out an action of its own"),
        Verb("block", "Prevent processes from being started"),
        Verb("unblock", "Allow processes to be started again"),
    ),
    "Declare them in a file": (
        Verb("dev", "Run the programs of a file while you work on them"),
        Verb("init", "Write an ecosystem file to be filled in", ("ecosystem",)),
        Verb("validate", "Say what is wrong with an ecosystem file"),
        Verb("apply", "Bring what runs into line with an ecosystem file"),
    ),
    "Look at them": (
        Verb("list", "Show all processes", ("ls", "l", "ps", "status")),
        Verb("describe", "Show everything about a process", ("desc", "info", "show")),
        Verb("explain", "Say why a process is up, or is not"),
        Verb("history", "List the runs of jobs"),
        Verb("logs", "Show and follow what programs print", ("log",)),
        Verb("monit", "Watch processes on a screen of their own", ("dashboard", "dash", "imonit")),
        Verb("env", "Show the environment of a process"),
        Verb("pid", "Print pids"),
        Verb("slist", "Print what the machine uses, as PM2's JSON", ("sysinfos",)),
    ),
    "Publish them": (
        Verb("proxy", "Publish programs under names, by a reverse proxy"),
        Verb("requests", "Show and follow the requests that came through the proxy"),
    ),
    "Deploy them from git": (
        Verb("deploy", "Build and run a repository here, or bring it to other machines"),
        Verb("deployments", "List deployments, and show their logs"),
        Verb("rollback", "Run an earlier release again"),
        Verb("project", "Say what is deployed: repositories, variables, domains, webhooks"),
        Verb("user", "Say who deploys over the web API: accounts and invitations"),
    ),
    "Tidy up": (
        Verb("reset", "Set restart counters to zero"),
        Verb("flush", "Empty log files"),
        Verb("save", "Write the list to a file", ("dump",)),
        Verb("resurrect", "Bring the saved list back"),
    ),
    "Values for scripts, and for apps": (
        Verb("set", "Keep a value, or give an app a variable"),
        Verb("get", "Print a value that is kept"),
        Verb("unset", "Keep a value no more"),
        Verb("multiset", "Keep several values"),
        Verb("conf", "Print all values that are kept, or keep one", ("config",)),
    ),
    "Coming from PM2": (
        Verb("import", "Take over what PM2 has"),
        Verb("pm2", "Do what PM2 does, in its words"),
        Verb("jlist", "Print the list as PM2's JSON"),
        Verb("prettylist", "Print it as Node shows values"),
        Verb("id", "Print ids as Node shows values"),
        Verb("startOrRestart", "Start a file's apps, or restart them"),
        Verb("startOrReload", "Start a file's apps, or reload them", ("startOrGracefulReload",)),
        Verb("reloadLogs", "Make log files anew that are gone"),
        Verb("cleardump", "Empty the saved list"),
    ),
    "At boot, and in containers": (
        Verb("startup", "Have the daemon started at boot"),
        Verb("unstartup", "Have it started at boot no more"),
        Verb("runtime", "Run programs in the foreground, as a container does"),
    ),
    "The daemon": (
        Verb("web", "Turn the web API on or off"),
        Verb("token", "Make, list and revoke keys for the web API"),
        Verb("ping", "Start the daemon if need be, and ask it for an answer"),
        Verb("kill", "Stop all programs and the daemon"),
        Verb("update", "Replace the daemon, while programs run on", ("updatePM2",)),
        Verb("report", "Print what a report of a fault wants"),
        Verb("completion", "Complete commands and names in the shell"),
    ),
}

VERBS: dict[str, Verb] = {verb.name: verb for verbs in SECTIONS.values() for verb in verbs}


def canonical(word: str) -> str | None:
    """Return the verb that a word is the name, or an alias, of."""
    if word in VERBS:
        return word
    return next((name for name, verb in VERBS.items() if word in verb.aliases), None)
