"""What forges say when something was pushed, and how they prove that it is they who say it.

GitHub and Gitea sign the body with HMAC-SHA256; GitLab sends the secret itself.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.projects import WebhookProvider
from pmdaemon.core.repositories import read_branch, read_sha

MOST_WEBHOOKS = 20
"""Of one project."""

SIGNATURE: Mapping[WebhookProvider, tuple[str, ...]] = MappingProxyType(
    {
        WebhookProvider.GITHUB: ("X-Hub-Signature-256",),
        WebhookProvider.GITLAB: ("X-Gitlab-Token",),
        WebhookProvider.GITEA: ("X-Gitea-Signature", "X-Hub-Signature-256"),
    }
)
"""The headers that prove a call, the first that is there counts."""

EVENT: Mapping[WebhookProvider, str] = MappingProxyType(
    {
        WebhookProvider.GITHUB: "X-GitHub-Event",
        WebhookProvider.GITLAB: "X-Gitlab-Event",
        WebhookProvider.GITEA: "X-Gitea-Event",
    }
)

DELIVERY: Mapping[WebhookProvider, str] = MappingProxyType(
    {
        WebhookProvider.GITHUB: "X-GitHub-Delivery",
        WebhookProvider.GITLAB: "X-Gitlab-Event-UUID",
        WebhookProvider.GITEA: "X-Gitea-Delivery",
    }
)

PUSHES = frozenset({"push", "Push Hook"})

_BRANCH = "refs/heads/"

_LONGEST_DELIVERY = 200


class Push(Struct, frozen=True):
    """A commit that is the newest of a branch now."""

    branch: str
    sha: str
    message: str = ""


def is_signed(
    provider: WebhookProvider, headers: Mapping[str, str], body: bytes, secret: str
) -> bool:
    """Tell whether a call comes from who has the secret."""
    import hmac  # noqa: PLC0415 - OpenSSL, by way of hashlib, for who has webhooks

    shown = next((headers[name] for name in SIGNATURE[provider] if name in headers), "")
    if provider is WebhookProvider.GITLAB:
        expected = secret
    else:
        expected = hmac.new(secret.encode(), body, "sha256").hexdigest()
        shown = shown.removeprefix("sha256=").lower()
    return hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), expected.encode())


def is_push(provider: WebhookProvider, headers: Mapping[str, str]) -> bool:
    """Tell whether a call is about a push."""
    return headers.get(EVENT[provider]) in PUSHES


def delivery_of(provider: WebhookProvider, headers: Mapping[str, str], body: bytes) -> str:
    """Give what a call is known by when it is repeated."""
    if named := headers.get(DELIVERY[provider], "").strip():
        return named[:_LONGEST_DELIVERY]
    from hashlib import sha256  # noqa: PLC0415 - as above

    return sha256(body).hexdigest()


def push_of(body: bytes) -> Push | None:
    """Read what was pushed; None when it is no branch, or a branch that is gone.

    Raises:
        InvalidInput: this is nothing that a forge says of a push.

    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("the body of this call is not JSON", code="invalid_push") from None
    match said:
        case {"ref": str(ref), "after": str(sha)}:
            if not ref.startswith(_BRANCH) or not sha.strip("0"):
                return None
            branch = read_branch(ref.removeprefix(_BRANCH))
            return Push(branch, read_sha(sha), _message_of(said, sha))
        case _:
            raise InvalidInput(
                "the body of this call has no ref and after, as those of pushes have",
                code="invalid_push",
            )


def _message_of(said: Mapping[str, object], sha: str) -> str:
    """Find the first line of the message of the commit that was pushed."""
    commits = said.get("commits")
    heads = [said.get("head_commit"), *(commits if isinstance(commits, list) else [])]
    for commit in heads:
        match commit:
            case {"id": str(id_), "message": str(message)} if id_ == sha:
                return message.partition("\n")[0]
            case _:
                pass
    return ""
