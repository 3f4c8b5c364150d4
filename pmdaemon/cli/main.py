"""Where the command line begins: `pmdaemon …`.

Whatever goes wrong ends here, as one sentence on standard error and a documented status.
"""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

from pmdaemon.cli import exit_codes
from pmdaemon.cli.context import Context, say_json, warn
from pmdaemon.cli.listing import answered_at_once
from pmdaemon.core.errors import PmdaemonError


def main() -> NoReturn:
    """Run the command that was typed, and exit."""
    gc.disable()  # most commands end before garbage would matter
    called = os.path.basename(sys.argv[0])  # noqa: PTH119 - pathlib takes longer than a list
    _leave(run([*_AS_PM2.get(called, ()), *sys.argv[1:]], os.environ))


_AS_PM2 = {
    "pm2": ("pm2",), "pm2-runtime": ("pm2-runtime",), "pm2-docker": ("pm2-runtime",),
    "pm2-dev": ("pm2-dev",),
}  # fmt: skip
"""Names of links to us, each with the words it stands for."""


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command and return its exit status."""
    if sys.platform == "win32":
        warn("Windows is not supported: pmdaemon needs Linux or macOS")
        return exit_codes.WRONG_USAGE
    context = Context(environment)
    try:
        if None in (sys.stdin, sys.stdout, sys.stderr):
            _open_what_is_closed()
        _accept_all_text()
        status = _dispatch(list(arguments), context)
        sys.stdout.flush()
    except PmdaemonError as error:
        return _report(error, arguments)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        # The reader had enough, as `head` does. What is left must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.DONE
    except Exception as error:  # noqa: BLE001 - the edge: nobody is to see a traceback
        if isinstance(error, OSError):
            from pmdaemon.cli.errors import of_system  # noqa: PLC0415 - hardly ever

            if (worded := of_system(error)) is not None:
                return _report(worded, arguments)
        from pmdaemon.cli.last_resort import write_down  # noqa: PLC0415 - hardly ever

        _complain(write_down(error, arguments, environment))
        return exit_codes.FAILED
    finally:
        context.close()
    return status


def _leave(status: int) -> NoReturn:
    """Exit at once: nothing is left that would be worth the time to take it apart."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whether it could be said is in the status
            stream.flush()
    os._exit(status)


def _open_what_is_closed() -> None:
    """Have all three standard streams, as a shell's `>&-` leaves some of them out."""
    # The lowest numbers are given first, so nothing else of ours can become one of the three.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < len(_STANDARD):
        pass
    os.close(descriptor)
    for number, (name, mode) in enumerate(_STANDARD):
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end
            setattr(sys, name, stream)


_STANDARD = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
"""The standard streams, by their numbers."""


def _accept_all_text() -> None:
    """Let no name or line fail the command because its characters do not fit an encoding."""
    for name, errors in _UNFIT:
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):  # one that a caller put there may be another kind
            stream.reconfigure(errors=errors)


_UNFIT = (
    ("stdin", "surrogateescape"), ("stdout", "backslashreplace"), ("stderr", "backslashreplace"),
)  # fmt: skip
"""By stream, what becomes of characters that do not fit: bytes that are read come back out."""


def _dispatch(arguments: list[str], context: Context) -> int:
    if "_PMDAEMON_COMPLETE" not in context.environment and _done_at_once(arguments, context):
        return exit_codes.DONE
    gc.enable()  # some of the others run for days
    match arguments:
        case ["pm2", *others] if not _is_about_pm2(others):
            from pmdaemon.cli.pm2 import front  # noqa: PLC0415 - only for this

            return front.run(others, context.environment)
        case ["pm2-runtime", *others]:
            from pmdaemon.cli.pm2 import runtime  # noqa: PLC0415 - as above

            return runtime.run(others, context.environment)
        case ["pm2-dev", *others]:
            from pmdaemon.cli.pm2 import runtime  # noqa: PLC0415 - as above

            return runtime.develop(others, context.environment)
        case _:
            pass
    # Everything else needs the parser of options, which takes a while to import.
    from pmdaemon.cli.parser import parse_and_run  # noqa: PLC0415

    return parse_and_run(arguments, context)


def _done_at_once(arguments: list[str], context: Context) -> bool:
    """Carry out the most frequent commands without the parser of options; False for all others."""
    if answered_at_once(arguments, context):
        return True
    if arguments[:1] != ["start"]:
        return False
    context.prepare_daemon()
    from pmdaemon.cli.starting import started_at_once  # noqa: PLC0415 - only for this

    return started_at_once(arguments, context)


def _is_about_pm2(others: list[str]) -> bool:
    """Tell what is asked of our own command `pm2` from what is asked of PM2."""
    return others[:1] == ["--help"] or any(each.startswith("--install-link") for each in others)


def _last_words(error: PmdaemonError) -> list[str]:
    """Return what a program that could not be kept up wrote last."""
    words = error.details.get("last_words")
    if not isinstance(words, list) or not words:
        return []
    from pmdaemon.cli.render.text import harmless  # noqa: PLC0415 - for few

    return ["the last it wrote to stderr:", *(harmless(str(word)) for word in words)]


def _complain(sentence: str) -> None:
    with suppress(OSError):  # nobody reads it, and the status says enough
        warn(sentence)


def _report(error: PmdaemonError, arguments: Sequence[str]) -> int:
    with suppress(OSError):  # it may be what the error is about
        sys.stdout.flush()
    _complain(error.message)
    problems = error.details.get("problems")
    for problem in problems[1:] if isinstance(problems, list) else ():
        _complain(str(problem))  # the first is in the error's own sentence
    with suppress(OSError):
        for line in _last_words(error):
            print(f"    {line}", file=sys.stderr)
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in own:
        body = {"code": error.code, "message": error.message, "details": error.details}
        with suppress(OSError):  # the sentence has been said
            say_json({"error": body})
    return exit_codes.exit_code(error.code)
