"""From what the user wants run to what is executed.

What is given as a script is, in this order:

1. An existing file: it runs by the interpreter of its extension, or by itself.
2. Shell syntax (a pipe, a redirection, a variable): only this goes to `/bin/sh -c`.
3. Words, as a shell would split them, executed directly, so that the pid and the signals are the
   program's own. A first word that is a script by its extension gets its interpreter.

Programs are looked up in the search path of the caller, since the daemon's own may be another;
relative paths are relative to the app's working folder.
"""
# Bare paths: a file may declare a thousand apps, and for each several places are looked at.
# ruff: noqa: PTH111, PTH112, PTH113, PTH118, PTH122

import os
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from msgspec import Struct

from pmdaemon.config.shell_words import shell_words
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.names import LONGEST_NAME, app_name
from pmdaemon.core.spec import Command
from pmdaemon.core.wording import shown, why

SHELL = "/bin/sh"

NO_INTERPRETER = "none"

INTERPRETERS: dict[str, tuple[str, ...]] = {
    ".js": ("node",),
    ".cjs": ("node",),
    ".mjs": ("node",),
    ".ts": ("bun", "node"),
    ".mts": ("bun", "node"),
    ".tsx": ("bun",),
    ".py": ("python3", "python"),
    ".sh": ("bash", "sh"),
    ".bash": ("bash",),
    ".zsh": ("zsh",),
    ".rb": ("ruby",),
    ".php": ("php",),
    ".pl": ("perl",),
    ".lua": ("lua",),
}
"""What runs a script by its extension; the first that is installed."""

_SHELL_WORDS = frozenset({".", ":", "!", "{", "cd", "eval", "exec", "exit", "source", "trap"})
"""First words that only a shell understands."""

_QUOTED = re.compile(r"'[^']*'|\\.", re.DOTALL)
_DOUBLE_QUOTES = re.compile(r'"([^"]*)"')
_ASSIGNMENT = re.compile(r"\s*[A-Za-z_][A-Za-z0-9_]*=")
_SYNTAX = re.compile(r"[|&;<>()$`*?\[\n]|(?:^|\s)[~#]")

Found = dict[tuple[str, ...], str | None]
"""What was looked for already, and where it was found."""

_RUNNERS = re.compile(r"(?:node|nodejs|bun|deno|python[0-9.]*|bash|sh|zsh|ruby|php|perl|lua)")


def resolve(
    script: str,
    args: Sequence[str] = (),
    *,
    interpreter: str | None = None,
    interpreter_args: Sequence[str] = (),
    cwd: str,
    search_path: str,
    found: Found | None = None,
) -> Command:
    """Work out what to execute.

    With the same `found` for several, nothing is looked for twice.

    Raises:
        InvalidInput: there is nothing to execute; the code is `cwd_not_found`, `script_not_found`,
            `script_not_executable`, `script_not_readable` or `interpreter_not_found`. The same when
            there are `interpreter_args` and nothing to give them to.

    """
    _check_folder(cwd)
    place = _Place(cwd, search_path, found if found is not None else {})
    if interpreter is None:
        argv = _by_itself(script, tuple(interpreter_args), tuple(args), place)
    elif interpreter == NO_INTERPRETER:
        argv = (*_words_of(script, place, _executable), *args)
    else:
        runner = _interpreter(interpreter, place)
        argv = (*runner, *interpreter_args, *_words_of(script, place, _readable), *args)
    return Command(script, tuple(args), interpreter, argv, tuple(interpreter_args))


def words_to_execute(text: str) -> tuple[str, ...]:
    """Split a command line into what is executed; one with shell syntax is left to the shell.

    Raises:
        InvalidInput: a quote is not closed.

    """
    return (SHELL, "-c", text) if _needs_shell(text) else tuple(_split(text, strict=True))


def default_name(script: str, cwd: str) -> str:
    """Name an app after its script: `server` for `./server.js` and for `node server.js`."""
    is_file = _Place(cwd, "", {}).file(script) is not None
    words = [script] if is_file else _split(script) or [script]
    while len(words) > 1 and (words[0] == "exec" or _ASSIGNMENT.match(words[0])):
        del words[0]
    script_path = PurePath(_subject(words))
    for candidate in (script_path.stem, script_path.name):
        name = "".join(filter(str.isprintable, candidate))[:LONGEST_NAME].strip().lstrip("-")
        try:
            return app_name(name)
        except InvalidInput:
            continue
    return "app"


class _Place(Struct, frozen=True, eq=False):
    """Where relative paths and bare names are looked for."""

    cwd: str
    search_path: str
    found: Found

    def path(self, text: str) -> str:
        # Unlike Path.expanduser, this leaves the name of a user that does not exist alone.
        return os.path.normpath(os.path.join(self.cwd, os.path.expanduser(text)))

    def file(self, text: str) -> str | None:
        """Find a file by its path."""
        key = self.cwd, text
        if key not in self.found:
            path = self.path(text)
            # What is too long for a path, or has a NUL, is none.
            self.found[key] = path if os.path.isfile(path) else None
        return self.found[key]

    def program(self, name: str) -> str | None:
        """Find a program as a shell does, by path when there is a slash in it."""
        key = self.cwd, self.search_path, name
        if key not in self.found:
            self.found[key] = self._program(name)
        return self.found[key]

    def _program(self, name: str) -> str | None:
        if "/" in name:
            found = self.file(name)
            return found if found is not None and os.access(found, os.X_OK) else None
        for folder in self.search_path.split(os.pathsep):
            candidate = self.file(os.path.join(self.cwd, folder or ".", name)) if name else None
            if candidate is not None and os.access(candidate, os.X_OK):
                return candidate
        return None


def _by_itself(
    script: str, interpreter_args: tuple[str, ...], args: tuple[str, ...], place: _Place
) -> tuple[str, ...]:
    if place.file(script) is not None:
        words = [script]
    elif _needs_shell(script):
        _refuse_unused(interpreter_args, script)
        return (SHELL, "-c", " ".join([script, *map(shlex.quote, args)]))
    else:
        words = _split(script, strict=True)
    first, *others = words or [""]
    file = place.file(first)
    if file is not None and _suffix(file) in INTERPRETERS:
        file = _readable(first, place)
        runner = (_installed(file, place), *interpreter_args)
        return (*runner, file, *others, *args)
    program = _executable(first, place)
    _refuse_unused(interpreter_args, script)
    return (program, *others, *args)


def _refuse_unused(interpreter_args: tuple[str, ...], script: str) -> None:
    if interpreter_args:
        message = f"no interpreter is known for {shown(script)}, so interpreter_args mean nothing"
        raise InvalidInput(message, code="interpreter_not_found", script=shown(script))


def _words_of(script: str, place: _Place, find: Callable[[str, _Place], str]) -> tuple[str, ...]:
    """Split a script that may have arguments behind it, and find its file."""
    words = [script] if place.file(script) is not None else _split(script, strict=True)
    first, *others = words or [""]
    return (find(first, place), *others)


def _executable(text: str, place: _Place) -> str:
    file = place.file(text)
    if file is not None and os.access(file, os.X_OK):
        return file
    program = place.program(text)
    if program is not None:
        return program
    if file is not None:
        raise _refused("script_not_executable", text, "it is not executable", place)
    return _existing(text, place)


def _readable(text: str, place: _Place) -> str:
    """Find a file that an interpreter is to read."""
    file = _existing(text, place)
    if not os.access(file, os.R_OK):
        raise _refused("script_not_readable", text, "it cannot be read", place)
    return file


def _existing(text: str, place: _Place) -> str:
    file = place.file(text)
    if file is not None:
        return file
    if text and os.path.isdir(place.path(text)):
        raise _refused("script_not_executable", text, "it is a folder", place)
    if text and _is_closed(place.path(text)):
        raise _refused("script_not_readable", text, "permission denied", place)
    raise _refused("script_not_found", text, "no such file or program", place)


def _is_closed(path: str) -> bool:
    """Tell whether a path leads through a folder that this user may not enter."""
    try:
        Path(path).stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _suffix(file: str) -> str:
    return os.path.splitext(file)[1]


def _installed(file: str, place: _Place) -> str:
    """Find an interpreter for a script by its extension."""
    names = INTERPRETERS[_suffix(file)]
    for name in names:
        program = place.program(name)
        if program is not None:
            return program
    raise InvalidInput(
        f"cannot run {shown(file)}: {' or '.join(names)} is not installed",
        code="interpreter_not_found",
        interpreter=names[0],
        script=file,
    )


def _interpreter(text: str, place: _Place) -> tuple[str, ...]:
    """Find an interpreter that was asked for; it may bring words of its own (`poetry run`)."""
    words = [text] if place.program(text) else _split(text, strict=True)
    first, *others = words or [""]
    program = place.program(first)
    if program is None:
        raise InvalidInput(
            f"no such interpreter: {shown(text)}",
            code="interpreter_not_found",
            interpreter=shown(text),
        )
    return (program, *others)


def _check_folder(cwd: str) -> None:
    if os.path.isdir(cwd) and os.access(cwd, os.R_OK | os.X_OK):
        return
    path = Path(cwd)
    try:
        if not path.exists():
            reason = "no such folder"
        else:
            reason = "permission denied" if path.is_dir() else "it is not a folder"
    except (OSError, ValueError) as error:
        reason = why(error)
    message = f"cannot run in {shown(cwd)}: {reason}"
    raise InvalidInput(message, code="cwd_not_found", cwd=shown(cwd))


def _needs_shell(script: str) -> bool:
    """Tell whether there is more than words: syntax outside of quotes, or `$` within double."""
    bare = _QUOTED.sub("x", script)
    inside = "".join(_DOUBLE_QUOTES.findall(bare))
    outside = _DOUBLE_QUOTES.sub("x", bare)
    if re.search(r"[$`]", inside) or _SYNTAX.search(outside) or _ASSIGNMENT.match(outside):
        return True
    return (script.split() or [""])[0] in _SHELL_WORDS


def _split(script: str, *, strict: bool = False) -> list[str]:
    try:
        return shell_words(script)
    except ValueError as error:
        if strict:
            message = f"cannot read the command {shown(script)}: {str(error).lower()}"
            raise InvalidInput(message, code="script_not_found") from error
        return script.split()


def _subject(words: Sequence[str]) -> str:
    """Find the word that tells best what is run."""
    program, *others = words
    if not _RUNNERS.fullmatch(PurePath(program).name):
        return program
    for index, word in enumerate(others):
        if word == "-m" and index + 1 < len(others):
            # A module keeps its dots: only a file has an extension.
            return f"{others[index + 1]}.py"
        if word in {"-c", "-e", "--eval"}:
            return program
        if not word.startswith("-"):
            return word
    return program


def _refused(code: str, script: str, reason: str, place: _Place) -> InvalidInput:
    message = f"cannot run {shown(script)}: {reason}"
    if not PurePath(script).is_absolute():
        message += f" (looked in {shown(place.cwd)})"
    return InvalidInput(message, code=code, script=shown(script))
