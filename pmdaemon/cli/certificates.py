"""Certificates for HTTPS: which there are, where others come from, and how ours is trusted."""

import shlex
import sys
from pathlib import Path

from pmdaemon.cli.context import Context, say_json
from pmdaemon.cli.errors import WrongUsage
from pmdaemon.core.errors import InvalidInput

FOLDER = "certificates"
AUTHORITY = "authority.pem"

DIRECTORIES = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
"""Authorities that have a name of their own here."""

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
"""What to do, by system; we do none of it ourselves, as all users are affected."""


def change(
    context: Context,
    *,
    host: str | None,
    cert: str | None,
    key: str | None,
    remove: str | None,
    retry: str | None,
    acme: str | None,
    contact: tuple[str, ...],
    agree: bool,
    trust: str | None,
) -> None:
    """Have certificates come from elsewhere from now on, as far as anything was said.

    Raises:
        WrongUsage: something is missing that belongs to what was said.

    """
    if any((host, cert, key)) and not all((host, cert, key)):
        raise WrongUsage("--host, --cert and --key belong together")
    if acme is None and (contact or agree or trust):
        raise WrongUsage("--contact, --agree and --trust belong to --acme")
    settings: dict[str, object] = {}
    if host is not None and cert is not None and key is not None:
        settings["certificates"] = [(host, str(Path(cert).absolute()), str(Path(key).absolute()))]
    if acme is not None:
        settings["acme"] = _authority(acme, contact, trust, agree=agree)
    if settings:
        context.client().gateway.turn_on(**settings)
    if remove is not None:
        context.client().gateway.remove_certificate(remove)
    if retry is not None:
        context.client().gateway.retry_certificate(retry)


def show(context: Context, *, json: bool) -> None:
    """List what hosts are served with."""
    found = context.client().gateway.certificates()
    file = _authority_file(context)
    if json:
        say_json({"authority": str(file) if file.exists() else None, **found})
        return
    if found["acme"] is not None:
        print(f"published names get their certificates from {found['acme']}")
    if not found["certificates"]:
        print("there are no certificates (to speak HTTPS: pmdaemon proxy on --https 9643)")
        return
    from pmdaemon.cli.render.gateway import certificates_table  # noqa: PLC0415 - only this draws

    print(certificates_table(found["certificates"], context.terminal))
    if file.exists():
        print(f"the authority of this home: {file}")
        print("to make this machine trust it, see: pmdaemon proxy certs --install")


def say_how_to_trust(context: Context, *, json: bool) -> None:
    """Say what to do with the authority of this home.

    Raises:
        InvalidInput: there is none yet.

    """
    file = _authority_file(context)
    if not file.exists():
        raise InvalidInput(
            "there are no certificates yet (to speak HTTPS: pmdaemon proxy on --https 9643)",
            code="no_certificates",
        )
    if json:
        say_json({"authority": str(file)})
        return
    print(f"the authority of this home: {file}")
    print("it signs for names below localhost and the domain of the proxy, and for nothing else.")
    for system, commands in STEPS.items():
        if ("macOS" in system) == (sys.platform == "darwin") or system in {
            "Node",
            "curl, for once",
        }:
            print(f"\n{system}:")
            for each in commands:
                print(f"  {each.format(file=shlex.quote(str(file)))}")


def _authority_file(context: Context) -> Path:
    return Path(context.home.path) / FOLDER / AUTHORITY


def _authority(
    acme: str, contact: tuple[str, ...], trust: str | None, *, agree: bool
) -> dict[str, object] | None:
    if acme == "none":
        return None
    directory = DIRECTORIES.get(acme, acme)
    if not agree:
        raise WrongUsage(
            f"{directory} signs only for those who agree to its terms of service: add --agree"
        )
    trusted = str(Path(trust).absolute()) if trust is not None else None
    return {"directory": directory, "contact": list(contact), "trusted": trusted}
