"""The settings of a home, for all its apps: `settings.toml` in it, read when the daemon starts.

[[hooks]]
events = ["crash", "errored"]
command = "/usr/local/bin/alert"

[api]
revoked = ["ci"]

[accounts]
registration = "open"
session = "12h"

[deploy]
build_timeout = "30m"

All but the hooks are read again whenever the file has changed.
"""

from pathlib import Path

from msgspec import Struct

from pmdaemon.config.deploy_settings import DeploySettings, read_deploy_settings
from pmdaemon.core.accounts import AccountRules
from pmdaemon.core.errors import InvalidConfiguration, PmdaemonError
from pmdaemon.core.quantities import parse_duration
from pmdaemon.core.spec import Hook
from pmdaemon.core.wording import shown, why

_KNOWN = frozenset({"hooks", "api", "accounts", "deploy"})
_IN_TABLES = {"api": frozenset({"revoked"}), "accounts": frozenset({"registration", "session"})}

_SHORTEST_SESSION, _LONGEST_SESSION = 60.0, 365 * 86400.0


class Settings(Struct, frozen=True):
    """What was read; `remarks` are sentences for its author.

    `revoked` are names of tokens that let nobody in any more, in lower case.
    """

    hooks: tuple[Hook, ...] = ()
    revoked: tuple[str, ...] = ()
    accounts: AccountRules = AccountRules()
    deploy: DeploySettings = DeploySettings()
    remarks: tuple[str, ...] = ()


def read_settings(path: str) -> Settings:
    """Read the settings of a home; without a file, they are the defaults.

    Raises:
        InvalidConfiguration: the file cannot be used, or not all of it.

    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise InvalidConfiguration(path, [f"cannot read it: {why(error)}"]) from None
    except UnicodeDecodeError:
        raise InvalidConfiguration(path, ["it is not UTF-8"]) from None
    # Only who has settings pays for these imports.
    from pmdaemon.config.formats import toml_text  # noqa: PLC0415
    from pmdaemon.config.table_fields import hooks  # noqa: PLC0415

    try:
        found = toml_text.parse(text)
    except ValueError as error:
        raise InvalidConfiguration(path, [str(error)]) from None
    revoked = _revoked(path, found.get("api", {}))
    accounts = _accounts(path, found.get("accounts", {}))
    remarks = [f"{shown(key)}: unknown setting" for key in found if key not in _KNOWN]
    remarks += [
        f"{table}.{shown(key)}: unknown setting"
        for table, known in _IN_TABLES.items()
        for key in found.get(table, {})
        if key not in known
    ]
    try:
        read = hooks(found.get("hooks", []))
    except InvalidConfiguration as error:
        problems = [f"hooks{problem}" for problem in error.problems]
        raise InvalidConfiguration(path, problems) from None
    remarks += [f"hooks{where}: {what}" for where, what in read.remarks]
    deploy = read_deploy_settings(path, found.get("deploy", {}))
    remarks += deploy.remarks
    return Settings(tuple(read.value), revoked, accounts, deploy, tuple(remarks))


def _revoked(path: str, api: object) -> tuple[str, ...]:
    match api:
        case {"revoked": list(names)} if all(isinstance(one, str) for one in names):
            return tuple(name.strip().lower() for name in names)
        case {"revoked": _}:
            raise InvalidConfiguration(path, ["api.revoked: it is a list of names of tokens"])
        case dict():
            return ()
        case _:
            raise InvalidConfiguration(path, ["api: it must be a table"])


def _accounts(path: str, table: object) -> AccountRules:
    if not isinstance(table, dict):
        raise InvalidConfiguration(path, ["accounts: it must be a table"])
    registration = table.get("registration", "closed")
    if registration not in ("open", "closed"):  # no set: it may be a list
        raise InvalidConfiguration(path, ["accounts.registration: it must be open or closed"])
    try:
        session = parse_duration(str(table.get("session", "1d")))
    except PmdaemonError as error:
        raise InvalidConfiguration(path, [f"accounts.session: {error.message}"]) from None
    if not _SHORTEST_SESSION <= session <= _LONGEST_SESSION:
        raise InvalidConfiguration(
            path, ["accounts.session: it must be between a minute and a year"]
        )
    return AccountRules(open_registration=registration == "open", session=session)
