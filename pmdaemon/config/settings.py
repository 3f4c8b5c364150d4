"""What holds for all apps of a home: `settings.toml` in it, read when the daemon starts.

[[hooks]]
events = ["crash", "errored"]
command = "/usr/local/bin/alert"
"""

from pathlib import Path

from msgspec import Struct

from pmdaemon.core.errors import InvalidConfiguration, PmdaemonError
from pmdaemon.core.spec import Hook
from pmdaemon.core.wording import shown


class Settings(Struct, frozen=True):
    """What was read; `remarks` are sentences for its author."""

    hooks: tuple[Hook, ...] = ()
    remarks: tuple[str, ...] = ()


def read_settings(path: str) -> Settings:
    """Read the settings of a home; without a file, all is as if nothing was said.

    Raises:
        InvalidConfiguration: the file cannot be used, or not all of it.

    """
    try:
        text = Path(path).read_bytes().decode()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise InvalidConfiguration(
            path, [f"cannot read it: {str(error.strerror).lower()}"]
        ) from None
    except UnicodeDecodeError:
        raise InvalidConfiguration(path, ["it is not UTF-8"]) from None
    # Only who has settings pays for these imports.
    from pmdaemon.config.formats import toml_text  # noqa: PLC0415
    from pmdaemon.config.table_fields import hooks  # noqa: PLC0415

    try:
        found = toml_text.parse(text)
    except ValueError as error:
        raise InvalidConfiguration(path, [str(error)]) from None
    if not isinstance(found, dict):
        raise InvalidConfiguration(path, ["it is not a table"])
    remarks = [f"{shown(key)}: unknown setting" for key in found if key != "hooks"]
    try:
        read = hooks(found.get("hooks", []))
    except InvalidConfiguration as error:
        problems = [f"hooks{problem}" for problem in error.problems]
        raise InvalidConfiguration(path, problems) from None
    except PmdaemonError as error:
        raise InvalidConfiguration(path, [f"hooks: {error.message}"]) from None
    remarks += [f"hooks{where}: {what}" for where, what in read.remarks]
    return Settings(tuple(read.value), tuple(remarks))
