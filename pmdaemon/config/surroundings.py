"""What builds and deployed programs learn of the daemon's own environment.

Most of it is none of their business: it may have secrets. They are told where programs are looked
for, how this machine reaches the network, and where version managers keep their toolchains, which
would look for them in a home that is not that of the daemon's user.
"""

import os
from collections.abc import Mapping
from pathlib import Path

PROXIES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Also in small letters, as some programs know them in no others."""

AUTHORITIES = (
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)
"""Where the certificates are of authorities that a network has of its own."""

TOOLCHAINS = {
    "ASDF_DATA_DIR": ".asdf",
    "GOENV_ROOT": ".goenv",
    "GOROOT": None,
    "JAVA_HOME": None,
    "MISE_DATA_DIR": ".local/share/mise",
    "NODENV_ROOT": ".nodenv",
    "NVM_DIR": ".nvm",
    "PHPENV_ROOT": ".phpenv",
    "PYENV_ROOT": ".pyenv",
    "RBENV_ROOT": ".rbenv",
    "RUSTUP_HOME": ".rustup",
    "SDKMAN_DIR": ".sdkman",
    "UV_PYTHON_INSTALL_DIR": ".local/share/uv/python",
    "VOLTA_HOME": ".volta",
}
"""Variables that say where toolchains are, and the folders below a user's home that they stand for
where nobody has set them."""


def surroundings(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Choose from the environment of the daemon what others may know of it."""
    proxies = [*PROXIES, *(name.lower() for name in PROXIES)]
    told = {name: environ[name] for name in (*proxies, *AUTHORITIES) if environ.get(name)}
    for name, folder in TOOLCHAINS.items():
        if environ.get(name):
            told[name] = environ[name]
        elif folder is not None and "HOME" in environ:
            place = Path(environ["HOME"], folder)
            if place.is_dir():
                told[name] = str(place)
    return {"PATH": environ.get("PATH", os.defpath), **told}


def without_proxies(told: Mapping[str, str]) -> Mapping[str, str]:
    """Leave out proxies: who goes through one is led by it to wherever it can reach."""
    return {name: value for name, value in told.items() if name.upper() not in PROXIES}
