"""How git is to call ssh for a project: by its key, if it has one, and with hosts of its own.

A host is believed the first time, and has to be the same from then on. Nothing is asked, and
nothing of the user's own settings counts.
"""

from collections.abc import Sequence
from pathlib import Path

SSH = "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=accept-new"

KEY = "deploy_key"
HOSTS = "known_hosts"


def ssh_command(project: Path, *, trusted: bool) -> str:
    """Word how ssh is called; without a key the `trusted` have those of the daemon's user.

    Args:
        project: the folder of the project.
        trusted: whether the project is an administrator's.

    """
    command = f"{SSH} -o UserKnownHostsFile={_quoted(project / HOSTS)}"
    key = project / KEY
    if key.exists() or not trusted:
        command += f" -o IdentitiesOnly=yes -o IdentityAgent=none -i {_quoted(key)}"
    return command


def complaint(project: Path, said: Sequence[str]) -> str | None:
    """Find out of what ssh has said why it did not connect, and what to do about it."""
    text = "\n".join(said).lower()
    place = f"projects/{project.name}"
    if "unprotected private key file" in text:
        return f"{place}/{KEY} below the home may be read by others (chmod 600 mends that)"
    if "load key" in text and "permission denied" in text:
        return f"{place}/{KEY} below the home is no private key that could be read"
    if "host key verification failed" in text:
        return (
            "its host key is another than it was (if that is right, remove its line from"
            f" {place}/{HOSTS} below the home)"
        )
    if "permission denied (" in text:
        if (project / KEY).exists():
            return f"the server does not let in who has this key ({place}/{KEY} below the home)"
        return f"the server lets in nobody without a key (put one at {place}/{KEY} below the home)"
    for line in said:
        if line.startswith("ssh: "):
            what, colon, why = line.removeprefix("ssh: ").strip().rpartition(": ")
            return f"{what}{colon}{why[:1].lower()}{why[1:]}"
    return None


def _quoted(path: Path) -> str:
    # GIT_SSH_COMMAND goes through a shell (git(1)).
    return "'" + str(path).replace("'", "'\\''") + "'"
