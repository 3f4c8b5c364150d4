from pmdaemon.adapters.live_settings import LiveSettings
from pmdaemon.core.deploy_limits import DeployLimits
from pmdaemon.core.rate_limits import RATES, RateKind


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


def test_what_deployments_may_take_is_looked_up_anew(tmp_path):
    path = tmp_path / "settings.toml"
    settings = LiveSettings(str(path))
    assert settings.deploy_limits() == DeployLimits()
    assert settings.rates() == RATES

    path.write_text('[deploy]\nconcurrent_builds = 7\nrate_limit = "off"\n')

    assert settings.deploy_limits().builds == 7
    assert settings.rates()[RateKind.DEPLOY] == ()


def test_what_is_wrong_with_the_file_can_be_asked(tmp_path):
    path = tmp_path / "settings.toml"
    settings = LiveSettings(str(path))
    assert settings.problem() is None

    path.write_text("[deploy]\nconcurrent_builds = 0\n")
    assert "deploy.concurrent_builds: it must be from 1 to 64" in settings.problem()

    path.unlink()
    assert settings.problem() is None
