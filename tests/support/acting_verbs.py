"""What holds for every command that acts on selected processes."""

from typing import Any

from tests.support.views import a_view

NOBODY = "no process is called wbe; did you mean web?"


def acts_on_what_is_selected(cli: Any, verb: str, *, done: str) -> None:
    """Whoever is named is asked for as typed, and said to be `done`."""
    cli.does(verb, a_view("web"))
    cli.lists()

    assert cli(verb, "web", "1", "web:0", "/w.b/") == 0
    assert cli.daemon.asked(verb) == [{"selectors": ["web", "1", "web:0", "/w.b/"]}]
    assert cli.out.startswith(f"{done} web (id 0)\n")


def wants_to_know_what(cli: Any, verb: str) -> None:
    """A command without a word is refused before anybody is asked."""
    assert cli(verb) == 2
    assert cli.daemon.requests == []


def has_an_exit_code_for_who_is_not_there(cli: Any, verb: str) -> None:
    """The sentence of the daemon is what is said."""
    cli.refuses(verb, "process_not_found", NOBODY)

    assert cli(verb, "wbe") == 3
    assert cli.err == f"pmdaemon: {NOBODY}\n"
