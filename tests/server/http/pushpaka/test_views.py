import pytest

from pmdaemon.core.accounts import Account, ApiToken, Invitation
from pmdaemon.core.projects import EnvVariable, Webhook, WebhookProvider
from pmdaemon.server.http.pushpaka import views

JANE = Account(
    id="a1", email="jane@example.com", name="Jane", password="hash", created=0.0, updated=1.5
)


@pytest.mark.parametrize(
    ("wall", "text"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (1.5, "1970-01-01T00:00:01.500Z"),
        (1_700_000_000.0, "2023-11-14T22:13:20Z"),
        (None, None),
    ],
)
def test_a_time_is_in_utc_and_as_exact_as_need_be(wall, text):
    assert views.moment(wall) == text


def test_nothing_by_which_one_gets_in_is_shown():
    token = ApiToken(id="t", account_id="a1", name="ci", digest="hash", created=0.0)
    invitation = Invitation(id="i", digest="hash", created_by="a1", created=0.0, expires=1.0)
    variable = EnvVariable(
        id="v", project_id="p", key="A", sealed=b"hash", created=0.0, updated=0.0
    )
    webhook = Webhook(
        id="w",
        project_id="p",
        user_id="a1",
        provider=WebhookProvider.GITHUB,
        sealed=b"hash",
        created=0.0,
    )

    shown = [
        views.account_view(JANE),
        views.api_token_view(token),
        views.invitation_view(invitation),
        views.variable_view(variable),
        views.webhook_view(webhook, "http://localhost/"),
    ]

    assert "hash" not in str(shown)


def test_a_part_of_a_list_says_of_how_much():
    assert views.page_view([{"id": 1}], total=3, limit=1, offset=2) == {
        "data": [{"id": 1}],
        "total": 3,
        "limit": 1,
        "offset": 2,
    }
