"""Accounts, projects and their secrets, over HTTP and on the command line, by a real daemon."""

import base64
import hashlib
import hmac
import json
import stat
import subprocess

import jwt
import pytest
import requests

from tests.support.ports import free_port

PASSWORD = "securepassword"
SECRET = "postgres://s3cret-of-the-shop"


class Api:
    """The API of Pushpaka, as its clients use it."""

    def __init__(self, url):
        self.url = f"{url}/api/v1"

    def ask(self, method, path, body=None, *, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=60)

    def register(self, email, **more):
        body = {"email": email, "name": "Jane Doe", "password": PASSWORD, **more}
        return self.ask("POST", "/auth/register", body)

    def status(self, *what, **how):
        return self.ask(*what, **how).status_code


@pytest.fixture
def api(pmdaemon):
    port = free_port()
    pmdaemon.run("web", "--port", str(port), "--detach")
    return Api(f"http://127.0.0.1:{port}")


@pytest.fixture
def jane(api):
    """The token of the first account."""
    return api.register("jane@example.com").json()["token"]


def test_a_stranger_does_what_the_reference_says(api, jane):
    signed_in = api.ask(
        "POST", "/auth/login", {"email": "JANE@example.com", "password": PASSWORD}
    ).json()
    token = signed_in["token"]
    project = api.ask(
        "POST",
        "/projects",
        {"name": "my-app", "repo_url": "https://github.com/user/repo", "port": 3000},
        token=token,
    )

    assert signed_in["user"]["email"] == "jane@example.com"
    assert (project.status_code, project.json()["branch"]) == (201, "main")
    listed = api.ask("GET", "/projects", token=jane).json()
    assert [one["name"] for one in listed["data"]] == ["my-app"]
    assert api.status("DELETE", f"/projects/{project.json()['id']}", token=jane) == 200
    assert api.ask("GET", "/projects", token=jane).json()["data"] == []


def test_everything_is_there_after_the_daemon_was_killed(pmdaemon, api, jane):
    body = {"name": "shop", "repo_url": "https://example.com/shop"}
    project = api.ask("POST", "/projects", body, token=jane).json()
    variable = {"project_id": project["id"], "key": "DATABASE_URL", "value": SECRET}
    api.ask("POST", "/env", variable, token=jane)
    ci = api.ask("POST", "/auth/tokens", {"name": "ci"}, token=jane).json()["token"]

    pmdaemon.kill_daemon()

    for token in (jane, ci):
        assert api.ask("GET", "/projects/shop", token=token).json() == project
    listed = api.ask("GET", f"/env?project_id={project['id']}", token=jane).json()["data"]
    assert [one["key"] for one in listed] == ["DATABASE_URL"]


def test_a_secret_is_in_no_answer_no_file_and_no_list_of_processes(pmdaemon, api, jane):
    body = {"name": "shop", "repo_url": "https://example.com/shop"}
    project = api.ask("POST", "/projects", body, token=jane).json()
    variable = {"project_id": project["id"], "key": "DATABASE_URL", "value": SECRET}

    answers = [
        api.ask("POST", "/env", variable, token=jane).text,
        api.ask("GET", f"/env?project_id={project['id']}", token=jane).text,
        pmdaemon.run("project", "env", "list", "shop", "--json").out,
        pmdaemon.run("report").out,
        subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True).stdout,
    ]

    assert SECRET not in "".join(answers)
    files = [path for path in pmdaemon.home.rglob("*") if path.is_file()]
    for hidden in (SECRET, PASSWORD, jane):
        assert [path for path in files if hidden.encode() in path.read_bytes()] == []
    for name in ("sealing-keys", "session-secrets"):
        assert stat.S_IMODE((pmdaemon.home / name).stat().st_mode) == 0o600


def test_no_forged_token_lets_anybody_in(pmdaemon, api, jane):
    claims = jwt.decode(jane, options={"verify_signature": False})
    secrets = json.loads((pmdaemon.home / "session-secrets").read_text())["secrets"]
    key = base64.b64decode(secrets[0]["secret"])
    assert jwt.decode(jane, key, algorithms=["HS256"])["sub"] == claims["sub"]
    consumer = pmdaemon.run("token", "--consumer", "bot", "--scope", "log").out.strip()
    head, body, signature = jane.split(".")

    forged = [
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, "change-me-in-production-" * 2, algorithm="HS256"),
        jwt.encode(claims, key, algorithm="HS512"),
        jwt.encode({**claims, "exp": claims["iat"] - 1}, key, algorithm="HS256"),
        jwt.encode({key: claims[key] for key in ("sub", "gen")}, key, algorithm="HS256"),
        jwt.encode({**claims, "gen": 1}, key, algorithm="HS256"),
        jwt.encode({**claims, "sub": "nobody"}, key, algorithm="HS256"),
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        unsigned({"alg": "none", "typ": "JWT"}, claims),
        signed_with(head, {**claims, "sub": "nobody"}, b"\0" * 64),
        consumer,
        "pmd_guessed",
    ]

    assert [one for one in forged if api.status("GET", "/projects", token=one) < 400] == []
    assert api.status("GET", "/projects", token=jane) == 200


def test_a_removed_user_is_out_with_everything(pmdaemon, api, jane):
    invitation = pmdaemon.run("user", "invite").out.strip()
    joe = api.register("joe@example.com", invitation=invitation).json()["token"]
    body = {"name": "blog", "repo_url": "https://example.com/blog"}
    blog = api.ask("POST", "/projects", body, token=joe).json()
    assert api.status("GET", f"/projects/{blog['id']}", token=joe) == 200

    pmdaemon.run("user", "remove", "Joe@example.com")

    assert api.status("GET", "/projects", token=joe) == 401
    assert api.status("GET", f"/projects/{blog['id']}", token=jane) == 404


def test_two_users_do_not_see_each_other(pmdaemon, api, jane):
    tokens = []
    for name in ("joe", "kim"):
        invitation = pmdaemon.run("user", "invite", f"{name}@example.com").out.strip()
        tokens.append(api.register(f"{name}@example.com", invitation=invitation).json()["token"])
    joe, kim = tokens
    body = {"name": "blog", "repo_url": "https://example.com/blog"}
    blog = api.ask("POST", "/projects", body, token=joe).json()["id"]

    assert api.ask("GET", "/projects", token=kim).json()["total"] == 0
    assert api.status("GET", f"/projects/{blog}", token=kim) == 404
    assert api.status("DELETE", f"/projects/{blog}", token=kim) == 404
    assert api.status("GET", f"/env?project_id={blog}", token=kim) == 404
    assert (
        requests.get(
            api.url.replace("/api/v1", "/api/processes"),
            headers={"Authorization": f"Bearer {kim}"},
            timeout=60,
        ).status_code
        == 403
    )
    assert api.ask("GET", "/projects", token=jane).json()["total"] == 1


def test_a_server_with_a_key_makes_no_stranger_its_administrator(pmdaemon):
    port = free_port()
    pmdaemon.run("web", "--port", str(port), "--detach", "--api-key", "sesame")
    api = Api(f"http://127.0.0.1:{port}")

    assert api.register("eve@example.com").status_code == 403
    body = {"email": "jane@example.com", "name": "Jane Doe", "password": PASSWORD}
    registered = api.ask("POST", "/auth/register", body, token="sesame")

    assert (registered.status_code, registered.json()["user"]["role"]) == (201, "admin")


def test_registration_is_opened_by_the_settings_at_once(pmdaemon, api, jane):
    assert api.register("joe@example.com").status_code == 403

    (pmdaemon.home / "settings.toml").write_text('[accounts]\nregistration = "open"\n')

    joe = api.register("joe@example.com").json()
    assert joe["user"]["role"] == "user"


def unsigned(head, claims):
    return f"{encoded(head)}.{encoded(claims)}."


def signed_with(head, claims, key):
    text = f"{head}.{encoded(claims)}"
    return f"{text}.{trimmed(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


def encoded(value):
    return trimmed(json.dumps(value).encode())


def trimmed(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
