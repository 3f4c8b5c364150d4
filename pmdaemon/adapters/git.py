"""Code, by the git binary: of each project one bare repository, and nothing of the user's own.

git is told what it may do, as all that it is given comes from others: no protocol but those named,
no question, no configuration, no hook, no submodule, no redirect; what is no option stands behind
`--end-of-options`, and what was asked for was read by `core.repositories` before.
"""

import asyncio
import os
import re
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pmdaemon.adapters import git_words
from pmdaemon.adapters.build_commands import BuildCommands
from pmdaemon.adapters.git_ssh import complaint, ssh_command
from pmdaemon.adapters.private_files import make_private
from pmdaemon.config.surroundings import without_proxies
from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.core.masking import hide_passwords
from pmdaemon.core.quantities import format_size
from pmdaemon.core.repositories import PUSHED
from pmdaemon.engine.interfaces.deploying import (
    BuildOrder,
    BuildOutcome,
    CannotRelease,
    Commit,
    FetchFailed,
    FetchOrder,
    Say,
)

MOST_FILES = 200_000

LOCAL_TIMEOUT = 120.0
"""Seconds for what happens on this machine."""

SETTINGS = {
    "http.followRedirects": "false",
    "protocol.allow": "never",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "credential.helper": "",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
}

HELPER = """!f() { printf 'username=%s\\npassword=%s\\n' x-access-token "$GIT_TOKEN"; }; f"""
"""A credential helper that gives git what stands in its environment, so in no argument and file."""

FETCHED = "refs/deploy"
"""Where fetched branches stand, apart from those that somebody pushed here."""

_SCP = re.compile(r"(?:[^@/]+@)?([^:/]+):")


class GitRepositories:
    """Keeps the repositories of projects, each at `<folder>/<project id>/repo.git`."""

    def __init__(
        self,
        folder: Path,
        commands: BuildCommands,
        surroundings: Mapping[str, str],
        limits: Callable[[], DeployLimits],
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._commands = commands
        self._surroundings = surroundings

    def path(self, project_id: str) -> Path:
        """Say where the repository of a project is."""
        return self._folder / project_id / "repo.git"

    async def prepare(self, project_id: str) -> Path:
        """Have a repository for a project, empty if there was none.

        Raises:
            FetchFailed: it cannot be made.

        """
        path = self.path(project_id)
        if (path / "HEAD").exists():
            return path
        make_private(path.parent)
        half_made = path.with_name("repo.new")
        with suppress(FileNotFoundError):
            await asyncio.to_thread(shutil.rmtree, half_made)
        said, outcome = await self._ask(
            path.parent,
            "init",
            ["init", "--bare", "--quiet", "--initial-branch=main", "--template=", str(half_made)],
        )
        if not outcome.ok:
            raise _failed("cannot make a repository", outcome, said)
        half_made.rename(path)
        return path

    async def fetch(self, order: FetchOrder, say: Say) -> Commit:
        """Have a commit here; one that is here already is not asked for again."""
        path = await self.prepare(order.project_id)
        if order.repo_url == PUSHED:
            return await self._pushed(path, order)
        if order.sha and (found := await self._commit(path, order.sha)) is not None:
            say(f"commit {found.sha[:7]} is here already")
            return found
        guards = await _guards(order)
        refspec = f"+refs/heads/{order.branch}:{FETCHED}/{order.branch}"
        # All of it only where one commit of many is asked for, whose name may be a short one.
        depth = ["--unshallow"] if (path / "shallow").exists() else []
        words = [
            *("fetch", "--progress", "--no-tags", "--no-recurse-submodules", "--force"),
            *(depth if order.sha else ["--depth=1"]),
            *("--end-of-options", order.repo_url, refspec),
        ]
        outcome, said = await self._fetch(path, order, words, guards, say)
        if _too_large(path, self._limits().repository) is not None:
            await asyncio.to_thread(shutil.rmtree, path)
        if not outcome.ok:
            why = outcome.reason or complaint(path.parent, said)
            reason = why or git_words.reason(outcome, said)
            raise FetchFailed(f"cannot fetch {hide_passwords(order.repo_url)}: {reason}")
        name = order.sha or f"{FETCHED}/{order.branch}"
        found = await self._commit(path, name)
        if found is None:
            raise FetchFailed(f"there is no commit {name} in the branch {order.branch}")
        return found

    async def branches(self, project_id: str) -> Mapping[str, str]:
        """List the branches that were pushed here, each with its commit."""
        path = await self.prepare(project_id)
        words = ["for-each-ref", "--format=%(objectname) %(refname:short)", "refs/heads"]
        said, _ = await self._ask(path, "look", words)
        found = (line.partition(" ") for line in said)
        return {name: sha for sha, _, name in found}

    async def check_out(
        self, project_id: str, sha: str, folder: str, say: Say, *, name: str
    ) -> None:
        """Write the files of a commit into a folder that is not there yet."""
        path = self.path(project_id)
        submodules = await self._measure(path, sha, name)
        if submodules:
            say(f"it has {submodules} submodules, which are not fetched")
        index = path / f"index-{sha[:12]}"
        root = _made(folder)
        environment = {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": folder}
        try:
            for words in (
                ["read-tree", "--end-of-options", sha],
                ["-c", "core.bare=false", "checkout-index", "--all", "--force", "--quiet"],
            ):
                said, outcome = await self._ask(path, name, words, environment=environment)
                if not outcome.ok:
                    raise CannotRelease(_failed("cannot check it out", outcome, said).message)
        finally:
            index.unlink(missing_ok=True)
        if (stray := await asyncio.to_thread(_link_that_leads_out, root)) is not None:
            raise CannotRelease(f"its symbolic link {stray} leads out of the repository")

    async def _pushed(self, path: Path, order: FetchOrder) -> Commit:
        found = await self._commit(path, order.sha or f"refs/heads/{order.branch}")
        if found is None:
            what = f"commit {order.sha}" if order.sha else f"branch {order.branch}"
            raise FetchFailed(f"there is no {what}: nobody has pushed it yet")
        return found

    async def _measure(self, path: Path, sha: str, name: str) -> int:
        """Refuse what is too large before it is written; return how many submodules there are."""
        total = files = submodules = 0
        largest = self._limits().files

        def count(line: str) -> None:
            nonlocal total, files, submodules
            words = line.split(None, 4)
            if len(words) < 4:
                return
            files += 1
            submodules += words[1] == "commit"
            total += int(words[3]) if words[3].isdigit() else 0

        def objection() -> str | None:
            if files > MOST_FILES:
                return f"it has more than {MOST_FILES} files"
            if total > largest:
                return f"its files are larger than {format_size(largest)}"
            return None

        order = self._order(name, path, {}, LOCAL_TIMEOUT)
        words = self._words(path, ["ls-tree", "-r", "-l", "--end-of-options", sha])
        outcome = await self._commands.run_words(
            words, order, count, lambda _: None, objection=objection
        )
        if (reason := objection()) is not None or not outcome.ok:
            raise CannotRelease(f"cannot check it out: {reason or git_words.reason(outcome, [])}")
        return submodules

    async def _fetch(
        self, path: Path, order: FetchOrder, words: Sequence[str], guards: Sequence[str], say: Say
    ) -> tuple[BuildOutcome, Sequence[str]]:
        said: list[str] = []

        def hear(line: str) -> None:
            said.append(hide_passwords(line.strip()))
            if git_words.is_worth_telling(line):
                say(said[-1])

        protocols = "https:http:ssh:file" if order.trusted else "https:http:ssh"
        environment = {
            **(self._surroundings if order.trusted else {}),
            "GIT_ALLOW_PROTOCOL": protocols,
            "GIT_SSH_COMMAND": ssh_command(path.parent, trusted=order.trusted),
            "GIT_TOKEN": order.token,
        }
        options = list(guards)
        if order.token:
            options += ["-c", f"credential.helper={HELPER}"]
        outcome = await self._commands.run_words(
            self._words(path, words, options),
            self._order(order.name, path, environment, order.timeout),
            hear,
            hear,
            objection=lambda: _too_large(path, self._limits().repository),
        )
        return outcome, said

    async def _commit(self, path: Path, name: str) -> Commit | None:
        said, outcome = await self._ask(
            path,
            "look",
            ["log", "-1", "--format=%H %s", "--end-of-options", f"{name}^{{commit}}", "--"],
        )
        if not outcome.ok or not said:
            return None
        sha, _, message = said[0].partition(" ")
        return Commit(sha, message[:500])

    async def _ask(
        self,
        path: Path,
        name: str,
        words: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
    ) -> tuple[list[str], BuildOutcome]:
        out: list[str] = []
        err: list[str] = []
        where = path if path.name.endswith(".git") else None
        outcome = await self._commands.run_words(
            self._words(where, words),
            self._order(f"git-{name}", path, environment or {}, LOCAL_TIMEOUT),
            out.append,
            err.append,
        )
        return (out if outcome.ok else err), outcome

    def _words(
        self, path: Path | None, words: Sequence[str], options: Sequence[str] = ()
    ) -> Sequence[str]:
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        where = [f"--git-dir={path}"] if path is not None else []
        return ["git", *where, *settings, *options, *words]

    def _order(
        self, name: str, path: Path, environment: Mapping[str, str], timeout: float
    ) -> BuildOrder:
        return BuildOrder(
            name=name,
            command="",
            cwd=str(path),
            env={
                **without_proxies(self._surroundings),
                "HOME": str(path),
                "LC_ALL": "C.UTF-8",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_ASKPASS": "true",
                "SSH_ASKPASS": "true",
                **environment,
            },
            timeout=timeout,
        )


async def _guards(order: FetchOrder) -> Sequence[str]:
    """Keep git from addresses that only this machine can reach, for who is not trusted with it.

    The name is looked up here, and git is told the result, so that it gets no other one.

    Raises:
        FetchFailed: the host is not known, or is at such an address.

    """
    if order.trusted or order.repo_url.startswith(("/", "file:")):
        return ()
    import ipaddress  # noqa: PLC0415 - for those whose projects are fetched from elsewhere

    host, tcp_port = _host_of(order.repo_url)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, tcp_port, type=socket.SOCK_STREAM
        )
    except OSError:
        raise FetchFailed(f"cannot fetch {order.repo_url}: there is no host {host}") from None
    addresses = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
    for text in addresses:
        address = ipaddress.ip_address(text)
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_loopback or address.is_link_local or address.is_unspecified:
            raise FetchFailed(
                f"cannot fetch {order.repo_url}: {host} is at an address of this machine alone"
            )
    if not order.repo_url.startswith("http"):
        return ()
    return ["-c", f"http.curloptResolve={host}:{tcp_port}:{','.join(addresses)}"]


def _host_of(url: str) -> tuple[str, int]:
    if "://" not in url:
        found = _SCP.match(url)
        return (found[1] if found is not None else url), 22
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme, 22)
    return parts.hostname or "", parts.port or usual


def _made(folder: str) -> Path:
    path = Path(folder)
    make_private(path.parent)
    path.mkdir(mode=0o700)
    return path


def _too_large(path: Path, largest: int) -> str | None:
    total = 0
    for folder, _, names in os.walk(path / "objects"):
        for name in names:
            with suppress(OSError):
                total += (Path(folder) / name).lstat().st_size
    return f"it is larger than {format_size(largest)}" if total > largest else None


def _link_that_leads_out(root: Path) -> str | None:
    """Find a symbolic link that leads out of a folder, by whatever way."""
    real = os.path.realpath(root)
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder) / name
            if not path.is_symlink():
                continue
            target = os.path.realpath(path)
            if target != real and not target.startswith(real + os.sep):
                return str(path.relative_to(root))
    return None


def _failed(what: str, outcome: BuildOutcome, said: Sequence[str]) -> FetchFailed:
    return FetchFailed(f"{what}: {git_words.reason(outcome, said)}")
