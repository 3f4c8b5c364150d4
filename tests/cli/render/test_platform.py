from pmdaemon.cli.render import platform
from pmdaemon.cli.render.terminal import Terminal
from tests.cli.commands.test_project import PROJECT
from tests.cli.commands.test_user import ACCOUNT, API_TOKEN, INVITATION
from tests.cli.test_project_parts import DOMAIN, VARIABLE, WEBHOOK

NARROW = Terminal(columns=50, unicode=True, colour=False, interactive=False)
HOSTILE = "a\x1b[2Jb"


def test_every_table_fits_a_narrow_terminal_and_is_harmless():
    tables = [
        platform.accounts_table([{**ACCOUNT, "email": HOSTILE, "name": HOSTILE}], NARROW),
        platform.invitations_table([{**INVITATION, "email": HOSTILE}], NARROW),
        platform.api_tokens_table([{**API_TOKEN, "name": HOSTILE}], NARROW),
        platform.projects_table([{**PROJECT, "repo_url": HOSTILE, "branch": HOSTILE}], NARROW),
        platform.variables_table([VARIABLE], NARROW),
        platform.domains_table([DOMAIN], NARROW),
        platform.webhooks_table([{**WEBHOOK, "branch": HOSTILE}], NARROW),
    ]

    for table in tables:
        assert "\x1b" not in table
        assert max(map(len, table.splitlines())) <= 50


def test_a_webhook_without_a_branch_is_for_that_of_its_project():
    assert "the project's" in platform.webhooks_table([WEBHOOK], NARROW)
    assert "the project's" not in platform.webhooks_table([{**WEBHOOK, "branch": "next"}], NARROW)
