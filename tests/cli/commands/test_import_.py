import pytest


@pytest.mark.parametrize("words", [(), ("forever",), ("pm2", "pup")])
def test_another_source_than_these_is_refused(cli_without_daemon, words):
    assert cli_without_daemon("import", *words) == 2


@pytest.mark.parametrize("source", ["pm2", "pup", "prox", "supervisor"])
def test_each_source_says_what_it_looks_for(cli_without_daemon, source, folder):
    assert cli_without_daemon("import", source, "--from", str(folder), "--dry-run") == 2
    assert (
        "(say where it is: --from" in cli_without_daemon.err or "pm2 save" in cli_without_daemon.err
    )
