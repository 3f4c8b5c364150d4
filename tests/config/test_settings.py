import pytest

from pmdaemon.config.settings import Settings, read_settings
from pmdaemon.core.accounts import AccountRules
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
    assert read(tmp_path, "[api]\nrevoke = []\n[accounts]\nsesion = 1").remarks == (
        "api.revoke: unknown setting",
        "accounts.sesion: unknown setting",
    )


def test_a_byte_order_mark_is_no_part_of_it(tmp_path):
    assert read(tmp_path, "\ufeff[api]\nrevoked = ['a']").revoked == ("a",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[hooks]", "at line 1"),
        (b"\xff", "it is not UTF-8"),
        ("hooks = 3", "hooks"),
        ("api = 3", "api: it must be a table"),
        ("[accounts]\nregistration = ['open']", "accounts.registration: it must be open or closed"),
        ('[api]\nrevoked = "ci"', "api.revoked: it is a list"),
        ("[api]\nrevoked = [1]", "api.revoked: it is a list"),
        ("accounts = 3", "accounts: it must be a table"),
        ('[accounts]\nregistration = "ajar"', "accounts.registration: it must be open or closed"),
        ('[accounts]\nsession = "soon"', "accounts.session: not a duration: soon"),
        ('[accounts]\nsession = "59s"', "accounts.session: it must be between a minute and a year"),
        (
            '[accounts]\nsession = "367d"',
            "accounts.session: it must be between a minute and a year",
        ),
        ('[[hooks]]\nevents = "all"', "either command or url"),
        ('[[hooks]]\nevents = "lunch"\ncommand = "x"', "lunch"),
    ],
)
def test_a_slip_is_refused_with_its_place(tmp_path, text, reason):
    with pytest.raises(InvalidConfiguration) as refusal:
        read(tmp_path, text)

    assert "settings.toml" in refusal.value.message
    assert reason in refusal.value.message


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", AccountRules()),
        ("[accounts]", AccountRules()),
        ('[accounts]\nregistration = "open"', AccountRules(open_registration=True)),
        ('[accounts]\nregistration = "closed"', AccountRules(open_registration=False)),
        ('[accounts]\nsession = "1m"', AccountRules(session=60.0)),
        ('[accounts]\nsession = "365d"', AccountRules(session=365 * 86400.0)),
    ],
)
def test_accounts_are_closed_and_sessions_last_a_day_unless_it_is_said(tmp_path, text, rules):
    assert read(tmp_path, text).accounts == rules


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(InvalidConfiguration, match="cannot read it: is a directory"):
        read_settings(str(tmp_path))
