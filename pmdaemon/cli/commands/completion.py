"""`completion`."""

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from pmdaemon.cli.context import Context
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.options import command as command_named
from pmdaemon.core.errors import OperationFailed
from pmdaemon.core.wording import why

SHELLS = ("bash", "zsh", "fish")

_ZSH_LINE = (
    "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; };"
    ' eval "$(pmdaemon completion zsh)"'
)
"""Zsh completes only files until it is told otherwise, which a new `.zshrc` does not do."""


@command_named("completion")
@click.argument("what", type=click.Choice([*SHELLS, "install"]))
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def command(context: Context, what: str, shell: str | None) -> None:
    """Print the completion script of a shell, or install it for your shell.

    Names of processes are completed too, while the daemon runs.
    """
    if what != "install":
        if shell is not None:
            raise WrongUsage("one shell at a time")
        print(script_for(what))
        return
    chosen = shell or Path(context.environment.get("SHELL", "")).name
    if chosen not in SHELLS:
        raise WrongUsage(f"say for which shell: pmdaemon completion install {'|'.join(SHELLS)}")
    try:
        path = _install(chosen, context)
    except OSError as error:
        raise OperationFailed(f"cannot write {error.filename}: {why(error)}") from error
    print(f"installed the completion for {chosen} in {path}; it works in new shells")
    if chosen == "bash":
        print("where the package bash-completion is missing, put this into ~/.bashrc instead:")
        print('  eval "$(pmdaemon completion bash)"')


def script_for(shell: str) -> str:
    """Return the script that makes a shell complete."""
    from pmdaemon.cli.parser import commands  # noqa: PLC0415 - it loads this module

    made = get_completion_class(shell)
    if made is None:
        raise WrongUsage(f"no completion for {shell}")
    return made(commands, {}, "pmdaemon", "_PMDAEMON_COMPLETE").source()


def _install(shell: str, context: Context) -> Path:
    home = Path(context.environment.get("HOME") or Path.home())
    data = Path(context.environment.get("XDG_DATA_HOME") or home / ".local/share")
    config = Path(context.environment.get("XDG_CONFIG_HOME") or home / ".config")
    match shell:
        case "bash":  # where bash-completion looks for what it does not know yet
            return _write(data / "bash-completion/completions/pmdaemon", script_for(shell))
        case "fish":
            return _write(config / "fish/completions/pmdaemon.fish", script_for(shell))
        case _:  # zsh has no folder of the user's own that it would search
            return _append(Path(context.environment.get("ZDOTDIR") or home) / ".zshrc", _ZSH_LINE)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() and not path.exists():  # left by an installation that is gone
        path.unlink()
    path.write_text(text, "utf-8")
    return path


def _append(path: Path, line: str) -> Path:
    # As bytes: such a file may be in any encoding.
    before = path.read_bytes() if path.exists() else b""
    if line.encode() not in before.splitlines():
        gap = b"\n" if before and not before.endswith(b"\n") else b""
        with path.open("ab") as file:
            file.write(gap + line.encode() + b"\n")
    return path
