import pytest

from pmdaemon.config.settings import Settings, read_settings
from pmdaemon.core.errors import InvalidConfiguration
from pmdaemon.core.spec import Hook


def read(tmp_path, text):
    path = tmp_path / "settings.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_settings(str(path))


def test_without_a_file_nothing_is_said(tmp_path):
    assert read_settings(str(tmp_path / "settings.toml")) == Settings()


def test_hooks_for_all_apps_are_read(tmp_path):
    found = read(tmp_path, '[[hooks]]\nevents = ["crash", "errored"]\ncommand = "alert --loud"\n')

    assert found == Settings((Hook(("crash", "errored"), command=("alert", "--loud")),))


def test_names_that_are_revoked_are_read_in_lower_case(tmp_path):
    assert read(tmp_path, '[api]\nrevoked = [" CI", "web"]').revoked == ("ci", "web")
    assert read(tmp_path, "[api]").revoked == ()


def test_what_nobody_knows_is_remarked(tmp_path):
    assert read(tmp_path, "hoks = 1").remarks == ("hoks: unknown setting",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[hooks]", "at line 1"),
        (b"\xff", "it is not UTF-8"),
        ("hooks = 3", "hooks"),
        ("api = 3", "api: it is a table"),
        ('[api]\nrevoked = "ci"', "api.revoked: it is a list"),
        ("[api]\nrevoked = [1]", "api.revoked: it is a list"),
        ('[[hooks]]\nevents = "all"', "either command or url"),
        ('[[hooks]]\nevents = "lunch"\ncommand = "x"', "lunch"),
    ],
)
def test_a_slip_is_refused_with_its_place(tmp_path, text, reason):
    with pytest.raises(InvalidConfiguration) as refusal:
        read(tmp_path, text)

    assert "settings.toml" in refusal.value.message
    assert reason in refusal.value.message
