"""The page of deployments: signing in, deploying with a live log, and going back by one button."""

import re
import subprocess
from itertools import product

import pytest
from playwright.sync_api import expect

from tests.support.browser import WIDTHS, a_page, overflow, screenshot, too_faint
from tests.support.ports import free_port

PASSWORD = "securepassword"

HOSTILE = '<img src=x onerror="alert(1)">'

LOOKS = list(product(("light", "dark"), WIDTHS))


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A folder with a page in it, and its history."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "Procfile").write_text("web: python3 -m http.server $PORT --bind 127.0.0.1\n")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "one", HOSTILE)
    return folder


@pytest.fixture(scope="module")
def site(home, url, repository):
    """The address of a server with an account, a gateway, and one deployment that is live."""
    home.run("proxy", "on", "--http", str(free_port()))
    typed(home, "user", "add", "jane@example.com")
    home.run(
        "project", "create", "Shop", str(repository), "--drain", "1s", "--user", "jane@example.com"
    )
    home.run("deploy", "--project", "shop")
    return url


def typed(home, *words):
    """Run a command that reads the password."""
    command = home.command(*words)
    subprocess.run(command, input=f"{PASSWORD}\n", text=True, check=True, env=home.environment)


def git(folder, *words):
    who = ("-c", "user.name=Jane", "-c", "user.email=jane@example.com")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def commit(folder, page, message):
    folder.joinpath("index.html").write_text(f"<h1>{page}</h1>")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)


def sign_in(page, password=PASSWORD):
    page.get_by_label("E-mail").fill("jane@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def page(browser, site):
    """The projects of somebody who has signed in, on a laptop."""
    with a_page(browser, site, path="/deploy") as page:
        sign_in(page)
        expect(page.get_by_role("heading", name="Projects")).to_be_visible()
        yield page


def test_who_has_not_signed_in_sees_nothing(browser, site):
    with a_page(browser, site, path="/deploy") as page:
        expect(page.get_by_label("E-mail")).to_be_focused()
        assert "Shop" not in page.content()

        sign_in(page, "wrong password")
        expect(page.locator("pm-sign-in").get_by_role("alert")).to_have_text(
            "Invalid email or password."
        )


def test_a_session_is_kept_for_the_tab_and_ends_by_signing_out(page):
    page.reload()
    expect(page.get_by_role("link", name="Shop", exact=True)).to_be_visible()

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in to deploy")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in to deploy")).to_be_visible()


def test_a_session_that_is_over_is_asked_for_again(page, home):
    typed(home, "user", "password", "jane@example.com")

    expect(page.locator("pm-sign-in").get_by_role("alert")).to_have_text(
        "Your session is over: sign in again."
    )


def test_what_is_deployed_is_followed_live_and_gone_back_from_by_one_button(page, repository):
    commit(repository, "two", "Second page")
    page.get_by_role("link", name="Shop", exact=True).click()
    page.get_by_role("button", name="Deploy", exact=True).click()

    log = page.get_by_role("log")
    expect(log).to_contain_text("commit")
    expect(log).to_contain_text("live at")
    expect(heading(page, "Deployment 2 running live")).to_be_visible()
    expect(page.get_by_role("list", name="Phases").get_by_text("start")).to_be_visible()
    page.get_by_role("link", name="Shop", exact=True).click()
    page.get_by_role("button", name="Roll back to 1").click()

    expect(page.get_by_text("a release that was kept")).to_be_visible()
    expect(heading(page, "Deployment 3 running live")).to_be_visible()


def test_what_others_wrote_is_text(page):
    page.get_by_role("link", name="Shop", exact=True).click()

    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    page.get_by_role("link", name="#1").click()
    expect(page.get_by_role("log")).to_contain_text(HOSTILE)
    assert page.locator("img[src=x]").count() == 0


def test_a_project_is_made_changed_and_deleted(page):
    page.get_by_role("button", name="New project").click()
    page.get_by_role("textbox", name="Name").fill("Blog")
    page.get_by_label("Repository").fill("git@example.com:blog.git")
    page.get_by_role("button", name="Create").click()

    expect(page.get_by_role("heading", name="Blog inactive")).to_be_focused()
    expect(page.get_by_text("Not deployed yet")).to_be_visible()
    page.get_by_role("tab", name="Settings").click()
    page.get_by_label("Build", exact=True).fill("npm run build")
    page.get_by_label("Releases kept").fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_label("Health path").fill("no path")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Cannot use health_path")
    page.get_by_role("button", name="Delete project").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    expect(page.get_by_role("link", name="Blog")).to_have_count(0)


def test_variables_domains_and_webhooks_are_added_and_removed(page):
    page.get_by_role("link", name="Shop", exact=True).click()
    page.get_by_role("tab", name="Variables").click()
    page.get_by_role("textbox", name="Name").fill("SECRET")
    page.get_by_label("Value").fill("v4lue")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_role("button", name="Remove SECRET")).to_be_visible()
    assert "v4lue" not in page.content()
    page.get_by_role("button", name="Remove SECRET").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No variables")).to_be_visible()

    page.get_by_role("tab", name="Domains").click()
    page.get_by_role("textbox", name="Domain").fill("shop.example.com")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("_pmdaemon.shop.example.com")).to_be_visible()

    page.get_by_role("tab", name="Webhooks").click()
    page.get_by_label("Forge").select_option("gitea")
    page.get_by_role("button", name="Make").click()
    dialog = page.get_by_role("dialog", name="Give these to the forge")
    expect(dialog.get_by_text("Secret", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Remove this gitea webhook")).to_be_visible()


def test_tokens_and_invitations_are_made_and_revoked(page):
    page.get_by_role("link", name="jane@example.com").click()
    expect(page.get_by_role("heading", name="jane@example.com admin")).to_be_focused()
    tokens = page.get_by_role("region", name="API tokens")
    tokens.get_by_label("Name").fill("ci")
    tokens.get_by_label("Good").select_option("30 days")
    tokens.get_by_role("button", name="Make token").click()
    dialog = page.get_by_role("dialog", name="Your API token")
    token = dialog.get_by_text("pmd_").inner_text()
    dialog.get_by_role("button", name="Done").click()
    expect(tokens.get_by_text("never used, good until")).to_be_visible()
    assert token not in page.content()
    tokens.get_by_role("button", name="Revoke ci").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(tokens.get_by_text("No API tokens")).to_be_visible()

    invitations = page.get_by_role("region", name="Invitations")
    invitations.get_by_label("For").fill("kim@example.com")
    invitations.get_by_role("button", name="Invite").click()
    page.get_by_role("dialog", name="An invitation").get_by_role("button", name="Done").click()
    expect(invitations.get_by_text("as user, until")).to_be_visible()
    invitations.get_by_role("button", name="Withdraw kim@example.com").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(invitations.get_by_text("No invitations")).to_be_visible()


def test_the_password_is_changed_and_all_sessions_are_ended(page):
    page.get_by_role("link", name="jane@example.com").click()
    page.get_by_label("Current password").fill("wrong password")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("The current password is wrong")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()

    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to deploy")).to_be_visible()


def test_it_is_used_by_keyboard_alone(browser, site):
    with a_page(browser, site, path="/deploy") as page:
        keyboard = page.keyboard
        expect(page.get_by_label("E-mail")).to_be_focused()
        keyboard.type("jane@example.com")
        keyboard.press("Tab")
        keyboard.type(PASSWORD)
        keyboard.press("Enter")
        link = page.get_by_role("link", name="Shop", exact=True)
        expect(link).to_be_visible()
        for _ in range(12):
            keyboard.press("Tab")
            if link.evaluate("element => element === document.activeElement"):
                break
        keyboard.press("Enter")

        expect(page.get_by_role("heading", name=re.compile("^Shop"))).to_be_focused()


def test_what_is_looked_at_again_meanwhile_is_clicked_all_the_same(page):
    page.clock.install()
    page.reload()
    click_slowly(page, page.get_by_role("link", name="Shop", exact=True), "**/api/v1/projects")
    click_slowly(page, page.get_by_role("link", name="#1", exact=True), "**/api/v1/deployments?*")

    expect(heading(page, "Deployment 1 ")).to_be_visible()


def click_slowly(page, target, asked):
    """Press, and let go when something has been asked for again, and drawn."""
    target.hover()
    page.mouse.down()
    for _ in range(2):  # the first answer is drawn before the next one is asked for
        with page.expect_response(asked):
            page.clock.run_for(5000)
    page.mouse.up()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_it_fits_and_can_be_read(browser, site, tmp_path, theme, width):
    with a_page(browser, site, path="/deploy", theme=theme, width=width) as page:
        expect(page.get_by_label("E-mail")).to_be_visible()
        fits(page, tmp_path, f"sign-in-{theme}-{width}")
        sign_in(page)
        expect(page.get_by_role("link", name="Shop", exact=True)).to_be_visible()
        fits(page, tmp_path, f"projects-{theme}-{width}")
        page.get_by_role("link", name="jane@example.com").click()
        expect(page.get_by_text("No API tokens")).to_be_visible()
        fits(page, tmp_path, f"account-{theme}-{width}")
        page.get_by_role("link", name="Projects", exact=True).click()
        page.get_by_role("link", name="Shop", exact=True).click()
        expect(page.get_by_role("link", name="#1")).to_be_visible()
        fits(page, tmp_path, f"deployments-{theme}-{width}")
        for tab in ("Variables", "Domains", "Webhooks", "Settings", "Deployments"):
            page.get_by_role("tab", name=tab).click()
            fits(page, tmp_path, f"{tab.lower()}-{theme}-{width}")
        page.get_by_role("link", name="#1").click()
        expect(page.get_by_role("log")).to_contain_text("live at")
        fits(page, tmp_path, f"deployment-{theme}-{width}")


def fits(page, folder, name):
    screenshot(page, folder, f"deploy-{name}")
    assert overflow(page) == 0
    assert not too_faint(page)


def heading(page, begins):
    return page.get_by_role("heading", name=re.compile(f"^{begins}"))
