import pytest

from tests.support.views import a_view


@pytest.mark.parametrize("verb", ["signal", "sendSignal"])
def test_a_signal_goes_to_what_is_selected(cli, verb):
    cli.does("signal", a_view("web"))
    cli.lists()

    assert cli(verb, "SIGUSR2", "web", "1") == 0
    assert cli.daemon.asked("signal") == [{"selectors": ["web", "1"], "signal": "SIGUSR2"}]
    assert cli.out.startswith("signalled web (id 0)\n")


@pytest.mark.parametrize("words", [[], ["SIGUSR2"]])
def test_signal_wants_to_know_which_and_whom(cli, words):
    assert cli("signal", *words) == 2
    assert cli.daemon.requests == []
