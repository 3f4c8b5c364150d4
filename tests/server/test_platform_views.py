from typing import get_type_hints

from pmdaemon.control.messages.platform import DomainView, ProjectView, WebhookView
from pmdaemon.core.accounts import THE_OPERATOR
from pmdaemon.core.projects import WebhookProvider
from pmdaemon.server.platform_views import domain_view, project_view, webhook_view
from tests.support.platform import PlatformOnFakes

SHOP = {"name": "Shop", "repo_url": "https://example.com/shop"}


async def test_what_is_shown_has_the_fields_of_its_type_and_no_secret():
    platform = PlatformOnFakes().platform
    project = await platform.projects.create(THE_OPERATOR, SHOP)
    domain = await platform.projects.add_domain(THE_OPERATOR, "shop", "a.example.com")
    webhook, secret = await platform.webhooks.create(THE_OPERATOR, "shop", WebhookProvider.GITHUB)

    shown = project_view(platform, project)
    claimed = domain_view(platform, domain)
    called = webhook_view(platform, webhook, "http://localhost:9615")

    assert shown.keys() == get_type_hints(ProjectView).keys()
    assert claimed.keys() == get_type_hints(DomainView).keys()
    assert called.keys() == get_type_hints(WebhookView).keys() - {"secret"}
    assert called["url"] == f"http://localhost:9615/api/v1/webhooks/{webhook.id}/receive"
    assert secret not in str(called)
