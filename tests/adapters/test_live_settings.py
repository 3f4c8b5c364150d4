from pmdaemon.adapters.live_settings import LiveSettings


def test_without_settings_nobody_is_revoked(tmp_path):
    assert LiveSettings(str(tmp_path / "settings.toml")).names() == frozenset()


def test_a_change_of_the_file_counts_at_once(tmp_path):
    path = tmp_path / "settings.toml"
    revoked = LiveSettings(str(path))
    assert not revoked.names()

    path.write_text('[api]\nrevoked = [" CI "]\n')
    assert revoked.names() == {"ci"}

    path.unlink()
    assert not revoked.names()


def test_a_file_that_cannot_be_used_changes_nothing_and_is_told_once(tmp_path, caplog):
    path = tmp_path / "settings.toml"
    path.write_text('[api]\nrevoked = ["ci"]\n')
    revoked = LiveSettings(str(path))
    assert revoked.names() == {"ci"}

    path.write_text("[api]\nrevoked = [1]\n")

    assert revoked.names() == revoked.names() == {"ci"}
    assert len(caplog.records) == 1
