"""The managers that have a folder of configuration instead of commands: each in the foreground."""

import os
import resource
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.managers import COMMAND_DEADLINE, App, Contender
from bench.system import BenchFailed, wait_for

START_PATIENCE = 120.0
"""Seconds in which all programs have to be there."""

LAST_PATIENCE = 15.0
"""Seconds in which one that was told to end has to be gone."""


class Foreground(Contender):
    """One that is started in the foreground, with a configuration that names all programs."""

    def __init__(self, name: str, home: Path, folder: Path) -> None:
        super().__init__(name, home)
        self._folder = folder
        self._process: psutil.Popen | None = None

    def start(self, apps: Sequence[App]) -> None:
        """Write the configuration, start the manager, and wait until all programs run."""
        self.home.mkdir()
        (self.home / "logs").mkdir()
        command = self._configured(apps)
        self._process = psutil.Popen(
            command,
            cwd=self.home,
            # runsvdir looks for runsv there.
            env={**os.environ, "PATH": f"{self._folder}{os.pathsep}{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        count = sum(int(app.get("instances", 1)) for app in apps)
        wait_for(
            lambda: self._has_ended() or len(self.programs()) >= count,
            f"{self.name} to start {count} programs",
            within=START_PATIENCE,
        )
        if self._has_ended():
            raise BenchFailed(f"{self.name} has ended at once: {' '.join(command)}")

    def show_list(self) -> None:
        """Have its command show all programs."""
        done = subprocess.run(
            self._list_command(),
            capture_output=True,
            text=True,
            timeout=COMMAND_DEADLINE,
            check=False,
        )
        if not done.stdout:
            raise BenchFailed(f"{self.name} lists nothing: {done.stderr}")

    def daemon(self) -> list[psutil.Process]:
        """Find the manager's own processes."""
        if self._process is None:
            raise BenchFailed(f"{self.name} does not run")
        return [self._process]

    def programs(self) -> list[psutil.Process]:
        """Find what it keeps running; what is about to become a program is none yet."""
        found = [one for one in _below(self.daemon()) if self._is_program(one)]
        self._seen.update(found)
        return found

    def end(self) -> None:
        """End the manager and its programs."""
        if self._process is not None:
            self._seen |= {*self._process.children(recursive=True), self._process}
            if not self._has_ended():
                self._process.send_signal(self._last_signal)
                try:
                    self._process.wait(LAST_PATIENCE)
                except psutil.TimeoutExpired:  # it missed the signal, as it had just begun
                    self._process.kill()
                    self._process.wait(LAST_PATIENCE)
            self._process = None
        self._end_what_was_seen()

    _last_signal = signal.SIGTERM

    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _configured(self, apps: Sequence[App]) -> list[str]:
        """Write the configuration, and say by which command the manager is started."""
        raise NotImplementedError

    def _list_command(self) -> list[str]:
        raise NotImplementedError

    def _is_program(self, process: psutil.Process) -> bool:
        """Whether a child is a program by now, and not the manager's own code on its way there."""
        return _words(process) not in ([], _words(self.daemon()[0]))


HEAD = """\
[supervisord]
nodaemon=true
logfile={home}/sv.log
pidfile={home}/sv.pid
childlogdir={home}/logs
minfds={files}
[unix_http_server]
file={home}/sv.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{home}/sv.sock
"""

PROGRAM = """\
[program:{name}]
command={command}
autorestart=true
startsecs=0
stdout_logfile={log}
"""


class Supervisor(Foreground):
    """supervisord(1)."""

    def _configured(self, apps: Sequence[App]) -> list[str]:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
        head = HEAD.format(home=self.home, files=files)
        # Having run for no time counts as started: else it waits longer each time.
        programs = [
            PROGRAM.format(
                name=app["name"],
                command=_command_line(app),
                log=f"{self.home}/logs/{app['name']}.out",
            )
            for app in apps
        ]
        self._file.write_text("\n".join([head, *programs]), "utf-8")
        return [str(self._folder / "supervisord"), "-c", str(self._file)]

    @property
    def _file(self) -> Path:
        return self.home / "supervisord.conf"

    def _list_command(self) -> list[str]:
        return [str(self._folder / "supervisorctl"), "-c", str(self._file), "status"]


class Circus(Foreground):
    """circusd(1)."""

    def _configured(self, apps: Sequence[App]) -> list[str]:
        sections = [f"[circus]\nendpoint={self._endpoint}\npubsub_endpoint={self._endpoint}.pub"]
        for app in apps:
            log = f"{self.home}/logs/{app['name']}.out"
            sections += [
                f"[watcher:{app['name']}]\ncmd={_command_line(app)}\ncopy_env=True",
                f"stdout_stream.class=FileStream\nstdout_stream.filename={log}",
            ]
        file = self.home / "circus.ini"
        file.write_text("\n".join(sections) + "\n", "utf-8")
        return [str(self._folder / "circusd"), str(file)]

    def _list_command(self) -> list[str]:
        return [str(self._folder / "circusctl"), "--endpoint", self._endpoint, "status"]

    @property
    def _endpoint(self) -> str:
        return f"ipc://{self.home}/ctl"


class Runit(Foreground):
    """runsvdir(8), with a runsv(8) for each program; its daemon is all of these."""

    _last_signal = signal.SIGHUP
    """It passes that on to every runsv, as TERM, and ends."""

    def _configured(self, apps: Sequence[App]) -> list[str]:
        for app in apps:
            folder = self.home / "sv" / str(app["name"])
            folder.mkdir(parents=True)
            run = folder / "run"
            run.write_text(f"#!/bin/sh\nexec {_command_line(app)}\n", "utf-8")
            run.chmod(0o755)
        return [str(self._folder / "runsvdir"), str(self.home / "sv")]

    def daemon(self) -> list[psutil.Process]:
        """Find the manager's own processes."""
        (first,) = super().daemon()
        return [first, *first.children()]

    def programs(self) -> list[psutil.Process]:
        """Find what it keeps running."""
        found = [one for one in _below(self.daemon()[1:]) if self._is_program(one)]
        self._seen.update(found)
        return found

    def _is_program(self, process: psutil.Process) -> bool:
        words = _words(process)
        return bool(words) and words[0] != "runsv" and words[-1] != "./run"

    def _list_command(self) -> list[str]:
        folders = sorted(map(str, (self.home / "sv").iterdir()))
        return [str(self._folder / "sv"), "status", *folders]


def _command_line(app: App) -> str:
    """Word how an app is run, for those who take it as one line."""
    args = app.get("args", ())
    words = [args] if isinstance(args, str) else list(args)
    return " ".join([str(app["script"]), *map(str, words)])


def _below(managers: Sequence[psutil.Process]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for manager in managers:
        try:
            found += manager.children()
        except psutil.NoSuchProcess:
            continue
    return found


def _words(process: psutil.Process) -> list[str]:
    """Say what a process was started as; nothing when it has ended."""
    try:
        words: list[str] = process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []
    return words
