import hashlib
import hmac
import json

import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.projects import WebhookProvider
from pmdaemon.core.webhooks import Push, delivery_of, is_push, is_signed, push_of

GITHUB, GITLAB, GITEA = WebhookProvider
SHA = "a" * 40


def signed(body, secret="s3cret"):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def body(**changes):
    said = {
        "ref": "refs/heads/main",
        "after": SHA,
        "head_commit": {"id": SHA, "message": "Fix it\n\nfor good"},
    }
    return json.dumps({**said, **changes}).encode()


@pytest.mark.parametrize(
    ("provider", "headers"),
    [
        (GITHUB, {"X-Hub-Signature-256": f"sha256={signed(b'{}')}"}),
        (GITEA, {"X-Gitea-Signature": signed(b"{}")}),
        (GITEA, {"X-Hub-Signature-256": f"sha256={signed(b'{}')}"}),
        (GITLAB, {"X-Gitlab-Token": "s3cret"}),
    ],
)
def test_who_has_the_secret_is_believed(provider, headers):
    assert is_signed(provider, headers, b"{}", "s3cret")
    assert not is_signed(provider, headers, b"{}", "another")
    assert not is_signed(provider, {}, b"{}", "s3cret")


def test_a_signature_is_of_one_body():
    headers = {"X-Hub-Signature-256": f"sha256={signed(b'{}')}"}

    assert not is_signed(GITHUB, headers, b"{ }", "s3cret")


@pytest.mark.parametrize("shown", ["", "sha256=", "sha1=x", "ü\udcff", signed(b"{}")[:-1]])
def test_a_signature_that_is_none_is_not_good(shown):
    assert not is_signed(GITHUB, {"X-Hub-Signature-256": shown}, b"{}", "s3cret")


def test_the_secret_itself_is_no_signature_of_github():
    assert not is_signed(GITHUB, {"X-Gitlab-Token": "s3cret"}, b"{}", "s3cret")


def test_pushes_are_told_from_other_events():
    assert is_push(GITHUB, {"X-GitHub-Event": "push"})
    assert is_push(GITLAB, {"X-Gitlab-Event": "Push Hook"})
    assert not is_push(GITHUB, {"X-GitHub-Event": "ping"})
    assert not is_push(GITLAB, {"X-Gitlab-Event": "Tag Push Hook"})


def test_a_repeated_call_is_known_by_its_id_or_else_by_its_body():
    assert delivery_of(GITHUB, {"X-GitHub-Delivery": "d1"}, b"{}") == "d1"
    assert len(delivery_of(GITHUB, {"X-GitHub-Delivery": "d" * 9999}, b"{}")) == 200
    assert delivery_of(GITEA, {}, b"{}") == delivery_of(GITEA, {}, b"{}")
    assert delivery_of(GITEA, {}, b"{}") != delivery_of(GITEA, {}, b"[]")


def test_what_was_pushed_is_a_branch_and_its_newest_commit():
    assert push_of(body()) == Push("main", SHA, "Fix it")


def test_the_message_is_that_of_the_commit_among_all_that_were_pushed():
    commits = [{"id": "b" * 40, "message": "Older"}, {"id": SHA, "message": "Newest"}]

    assert push_of(body(head_commit=None, commits=commits)) == Push("main", SHA, "Newest")
    assert push_of(body(head_commit=None, commits="x")) == Push("main", SHA, "")


def test_a_tag_and_a_branch_that_is_gone_are_no_push():
    assert push_of(body(ref="refs/tags/v1")) is None
    assert push_of(body(after="0" * 40)) is None


@pytest.mark.parametrize(
    "said",
    [
        b"", b"{", b"[]", b"{}", b'{"ref": 1, "after": 2}', b"[" * 100000, b"\xff",
        body(ref="refs/heads/--upload-pack=x"), body(after="not hex"), body(ref="refs/heads/a b"),
    ],
)  # fmt: skip
def test_what_no_forge_says_is_refused(said):
    with pytest.raises(InvalidInput):
        push_of(said)


def test_what_does_not_say_what_it_is_is_no_push():
    assert not is_push(GITHUB, {})


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"{", "the body of this call is not JSON"),
        (b"{}", "the body of this call has no ref and after, as those of pushes have"),
    ],
)
def test_a_refusal_says_what_is_wrong(said, sentence):
    with pytest.raises(InvalidInput) as refused:
        push_of(said)

    assert (refused.value.message, refused.value.code) == (sentence, "invalid_push")
