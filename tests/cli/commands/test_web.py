import signal
import subprocess
import sys

import pytest

from tests.support.cli import ROOT
from tests.support.waiting import eventually_sync

ON = {"url": "http://127.0.0.1:9615", "protected": True}


def asked(cli, *arguments, **environment):
    cli.daemon.answers("web", {"result": ON})
    assert cli("web", "--detach", *arguments, **environment) == 0
    return cli.daemon.asked("web")[-1]


def test_by_default_it_listens_on_loopback(cli):
    assert asked(cli) == {"host": "127.0.0.1", "port": 9615, "detach": True}


def test_address_and_port_can_be_chosen(cli):
    body = asked(cli, "--host", "0.0.0.0", "--port", "80")

    assert (body["host"], body["port"]) == ("0.0.0.0", 80)


def test_the_key_comes_from_the_environment(cli):
    assert asked(cli, PMDAEMON_API_KEY="hunter2")["api_key"] == "hunter2"


def test_the_key_comes_from_the_first_line_of_a_file(cli, folder):
    (folder / "key").write_text("hunter2 \nmore\n")

    assert asked(cli, "--api-key-file", "key", PMDAEMON_API_KEY="other")["api_key"] == "hunter2"


@pytest.mark.posix
def test_a_key_of_the_command_line_is_taken_out_of_ps(cli):
    cli.daemon.answers("web", {"item": ON})
    cli.daemon.held = {"web"}
    program = subprocess.Popen(
        [sys.executable, "-m", "pmdaemon", "web", "--api-key", "hunter2"],
        env={**cli.environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    try:
        assert program.stdout is not None
        program.stdout.readline()

        with open(f"/proc/{program.pid}/cmdline", "rb") as file:
            assert b"hunter2" not in file.read()
        assert cli.daemon.asked("web")[0]["api_key"] == "hunter2"
    finally:
        program.kill()
        program.communicate()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--api-key", "a", "--api-key-file", "b"],
            "only one of --api-key and --api-key-file can be used",
        ),
        (["--api-key-file", "missing"], "cannot read the key in missing: no such file"),
        (["--api-key-file", "empty"], "there is no key in the first line of empty"),
    ],
)
def test_a_key_that_cannot_be_had_is_refused(cli, folder, arguments, sentence):
    (folder / "empty").touch()

    assert cli("web", *arguments) == 2
    assert cli.err.startswith(f"pmdaemon: {sentence}")
    assert cli.daemon.requests == []


def test_a_key_that_was_made_is_shown_with_where_it_is_kept(cli):
    cli.daemon.answers(
        "web", {"result": {**ON, "generated_key": "s3cret", "key_file": "/home/api-key"}}
    )

    assert cli("web", "--detach") == 0
    assert "Its key, kept in /home/api-key: s3cret\n" in cli.out
    assert 'curl -H "X-API-Key: KEY" http://127.0.0.1:9615/api/status' in cli.out


@pytest.mark.parametrize("is_protected", [True, False])
def test_that_no_key_is_asked_for_is_said(cli, is_protected):
    cli.daemon.answers("web", {"result": {**ON, "protected": is_protected}})

    assert cli("web", "--detach") == 0
    assert ("asks for no key" in cli.out) is not is_protected


def test_an_address_that_is_taken_is_an_error(cli):
    cli.refuses("web", "tcp_port_taken", "cannot listen on port 9615: it is taken")

    assert cli("web", "--detach", "--json") == 1
    assert cli.json["error"]["code"] == "tcp_port_taken"


def test_in_the_foreground_its_end_is_an_error(cli):
    cli.daemon.answers("web", {"item": ON}, {"result": {}})

    assert cli("web") == 1
    assert "Ctrl-C turns it off" in cli.out
    assert cli.err == "pmdaemon: the daemon has turned the web API off\n"


def test_in_the_foreground_it_is_turned_on_again_with_the_next_daemon(cli):
    cli.daemon.answers("web", {"item": ON})
    cli.daemon.answers("web", {"item": ON}, {"result": {}})

    assert cli("web", "--port", "9000") == 1
    assert cli.out.count("The dashboard and the web API are at") == 1
    assert cli.err.splitlines() == [
        "pmdaemon: the daemon went away; waiting for it",
        "pmdaemon: the web API answers again",
        "pmdaemon: the daemon has turned the web API off",
    ]
    assert cli.daemon.requests[0] == cli.daemon.requests[1]


@pytest.mark.posix
def test_ctrl_c_hangs_up_and_is_no_error(cli):
    cli.daemon.answers("web", {"item": ON})
    cli.daemon.held = {"web"}
    program = subprocess.Popen(
        [sys.executable, "-m", "pmdaemon", "web", "--json"],
        env={**cli.environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert program.stdout is not None
        program.stdout.readline()

        program.send_signal(signal.SIGINT)

        assert program.communicate(timeout=60)[1] == b""
        assert program.returncode == 0
        eventually_sync(lambda: cli.daemon.hang_ups == 1)
    finally:
        program.kill()
        program.wait()


def test_it_is_turned_off(cli):
    cli.daemon.answers(
        "web_off",
        {"result": {"url": ON["url"]}},
    )

    assert cli("web", "--off") == 0
    assert cli.out == "turned off http://127.0.0.1:9615\n"


def test_what_is_off_stays_off(cli):
    cli.daemon.answers("web_off", {"result": {"url": None}})

    assert cli("web", "--off") == 0
    assert cli.out == "the web API is off already\n"


def test_turning_it_off_starts_no_daemon(cli_without_daemon):
    assert cli_without_daemon("web", "--off", "--json") == 0
    assert cli_without_daemon.json == {"url": None}


def test_everything_else_can_be_chosen_too(cli, folder):
    body = asked(
        cli,
        *("--allow-create", "--ws-auth", "required", "--trusted-proxy", "10.0.0.0/8"),
        *("--cors-origin", "https://a.example.com", "--cors-origin", "https://b.example.com"),
        *("--rate-limit", "1000/1m", "--tls-cert", "cert.pem", "--tls-key", "/etc/key.pem"),
    )

    assert body == {
        "host": "127.0.0.1",
        "port": 9615,
        "detach": True,
        "allow_create": True,
        "ws_auth": "required",
        "trusted_proxies": ["10.0.0.0/8"],
        "cors_origins": ["https://a.example.com", "https://b.example.com"],
        "rate_limits": ["1000/1m"],
        "tls_cert": str(folder / "cert.pem"),
        "tls_key": "/etc/key.pem",
    }


def test_a_word_says_that_there_are_to_be_none(cli):
    body = asked(cli, "--cors-origin", "none", "--rate-limit", "off")

    assert (body["cors_origins"], body["rate_limits"]) == ([], [])


def test_none_and_some_is_refused(cli):
    assert cli("web", "--rate-limit", "off", "--rate-limit", "1/1s") == 2
    assert cli.daemon.requests == []
