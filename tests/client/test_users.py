import pytest

from tests.cli.commands.test_user import ACCOUNT, API_TOKEN, INVITATION


@pytest.fixture
def users(client):
    return client.users


def test_each_verb_asks_for_what_it_is_called(daemon, users):
    for verb in ("account_add", "account_remove", "account_password", "account_role"):
        daemon.answers(verb, {"result": {"account": ACCOUNT}})
    daemon.answers("accounts", {"result": {"accounts": [ACCOUNT]}})
    daemon.answers("invite", {"result": {"invitation": INVITATION}})
    daemon.answers("invitations", {"result": {"invitations": [INVITATION]}})
    daemon.answers("invitation_remove", {"result": {}})
    daemon.answers("api_token_add", {"result": {"token": API_TOKEN}})
    daemon.answers("api_tokens", {"result": {"tokens": [API_TOKEN]}})
    daemon.answers("api_token_remove", {"result": {}})

    assert users.list() == [ACCOUNT]
    assert users.add("j@example.com", "Jane", "secret") == ACCOUNT
    assert users.remove("j@example.com") == ACCOUNT
    assert users.set_password("j@example.com", "secret") == ACCOUNT
    assert users.set_role("j@example.com", "admin") == ACCOUNT
    assert users.invite(role="admin") == INVITATION
    assert users.invitations() == [INVITATION]
    assert users.withdraw("i1") is None
    assert users.make_token("j@example.com", "laptop") == API_TOKEN
    assert users.tokens("j@example.com") == [API_TOKEN]
    assert users.revoke_token("j@example.com", "t1") is None

    assert daemon.requests == [
        ("accounts", {}),
        (
            "account_add",
            {"email": "j@example.com", "name": "Jane", "password": "secret", "role": "user"},
        ),
        ("account_remove", {"email": "j@example.com"}),
        ("account_password", {"email": "j@example.com", "password": "secret"}),
        ("account_role", {"email": "j@example.com", "role": "admin"}),
        ("invite", {"role": "admin"}),
        ("invitations", {}),
        ("invitation_remove", {"id": "i1"}),
        ("api_token_add", {"email": "j@example.com", "name": "laptop"}),
        ("api_tokens", {"email": "j@example.com"}),
        ("api_token_remove", {"email": "j@example.com", "id": "t1"}),
    ]
