import pytest

from pmdaemon.cli.left_out import LEFT_OUT, refusal_of
from pmdaemon.cli.verbs import canonical


@pytest.mark.parametrize("word", LEFT_OUT)
def test_what_is_left_out_says_in_one_sentence_what_to_use(cli_without_daemon, word):
    cli = cli_without_daemon

    assert cli(word) == 2
    assert cli.out == ""
    assert cli.err.startswith(f"pmdaemon: there is no {word} command, as ")
    assert cli.err.count("\n") == 1
    assert canonical(word) is None


def test_the_code_of_a_refusal_is_stable():
    refusal = refusal_of("plus")

    assert refusal is not None
    assert refusal.code == "unsupported"
    assert refusal_of("nonsense") is None
