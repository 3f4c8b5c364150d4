"""Which variables of an environment hold secrets, told by their names.

A rule of thumb on purpose: a name that merely resembles one of a secret costs a reader a value, a
secret that is shown may cost everything. Passwords within URLs are hidden whatever the name.
"""

import re
from collections.abc import Mapping

MASK = "********"

SECRET_WORDS = frozenset(
    {
        "apikey", "auth", "authorization", "bearer", "cert", "cookie", "cred", "credential",
        "credentials", "creds", "dsn", "jwt", "key", "keys", "pass", "passphrase", "passwd",
        "password", "passwords", "private", "pwd", "salt", "secret", "secrets", "session",
        "signature", "token", "tokens",
    }
)  # fmt: skip
"""Any of these as a word of a name makes it secret."""

SECRET_ENDINGS = ("apikey", "password", "passwd", "secret", "token")
"""Words that are written together with others, as in `PGPASSWORD`."""

NO_SECRETS = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK", "XDG_SESSION_ID", "XDG_SESSION_TYPE"})
"""What every environment has, and what looks secret only by our rule."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/?#\s:@]*):[^/?#\s]*@")


def masked(environment: Mapping[str, str]) -> dict[str, str]:
    """Copy an environment without its secrets."""
    return {
        name: MASK if value and looks_secret(name) else hide_passwords(value)
        for name, value in environment.items()
    }


def looks_secret(name: str) -> bool:
    """Tell whether a variable of this name holds a secret."""
    if name in NO_SECRETS:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    return any(word in SECRET_WORDS or word.endswith(SECRET_ENDINGS) for word in words)


def hide_passwords(text: str) -> str:
    """Replace the passwords in URLs, as `postgres://user:password@host`."""
    return _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", text)
