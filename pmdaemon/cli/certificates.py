"""How a machine comes to trust the authority of this home."""

import sys
from pathlib import Path

from pmdaemon.cli.context import Context, say_json
from pmdaemon.core.errors import InvalidInput

FOLDER = "certificates"
AUTHORITY = "authority.pem"

STEPS = {
    "Debian, Ubuntu": (
        "sudo cp {file} /usr/local/share/ca-certificates/pmdaemon.crt",
        "sudo update-ca-certificates",
    ),
    "Fedora, RHEL, openSUSE, Arch": ("sudo trust anchor {file}",),
    "macOS": (
        (
            "sudo security add-trusted-cert -d -r trustRoot"
            " -k /Library/Keychains/System.keychain {file}"
        ),
    ),
    "Chrome and Firefox on Linux, where they do not go by the system": (
        "certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n pmdaemon -i {file}",
        "Firefox: Settings, Privacy & Security, View Certificates, Import",
    ),
    "Node": ("export NODE_EXTRA_CA_CERTS={file}",),
    "curl, for once": ("curl --cacert {file} https://app.localhost:9643/",),
}
"""What to do, system by system; nothing of it is done by us, as it takes rights over everybody."""


def show(context: Context, *, install: bool, json: bool) -> None:
    """Print where the authority is, and with `install` what to do with it.

    Raises:
        InvalidInput: there is none yet.

    """
    file = Path(context.home.path) / FOLDER / AUTHORITY
    if not file.exists():
        raise InvalidInput(
            "there are no certificates yet (to speak HTTPS: pmdaemon proxy on --https 9643)",
            code="no_certificates",
        )
    if json:
        say_json({"authority": str(file)})
        return
    print(f"the authority of this home: {file}")
    if not install:
        print("pmdaemon proxy certs --install says how this machine comes to trust it")
        return
    print("it signs for names below localhost and the domain of the proxy, and for nothing else.")
    for system, commands in STEPS.items():
        if ("macOS" in system) == (sys.platform == "darwin") or system in {
            "Node",
            "curl, for once",
        }:
            print(f"\n{system}:")
            for each in commands:
                print(f"  {each.format(file=file)}")
