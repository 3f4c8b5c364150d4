import os
import socket

import pytest

from pmdaemon.daemon.service_manager import ServiceManager


@pytest.fixture(params=["path", "abstract"])
def heard(request, tmp_path):
    """A service manager's socket, and its address as the variable has it."""
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(name if request.param == "path" else f"\0{name}")
        line.settimeout(60)
        yield line, name if request.param == "path" else f"@{name}"


def test_readiness_is_told(heard):
    line, address = heard

    ServiceManager({"NOTIFY_SOCKET": address}).hear({"ready": 4711})

    assert line.recv(4096).decode().splitlines()[0] == "READY=1"


def test_an_update_is_told_with_its_time(heard):
    line, address = heard

    ServiceManager({"NOTIFY_SOCKET": address}).hear({"reloading": True})

    first, moment, _ = line.recv(4096).decode().splitlines()
    assert first == "RELOADING=1"
    assert moment.removeprefix("MONOTONIC_USEC=").isdigit()


def test_the_end_is_told(heard):
    line, address = heard

    ServiceManager({"NOTIFY_SOCKET": address}).hear({"stopping": 15})

    assert line.recv(4096).decode().splitlines()[0] == "STOPPING=1"


def test_why_there_is_no_daemon_is_one_line(heard):
    line, address = heard

    ServiceManager({"NOTIFY_SOCKET": address}).hear({"error": {"message": "no\nspace\nleft"}})

    assert line.recv(4096).decode() == "STATUS=no space left"


def test_the_variable_reaches_nobody_but_the_next_keeper():
    environment = {"NOTIFY_SOCKET": "/run/notify", "PATH": "/bin"}

    manager = ServiceManager(environment)

    assert environment == {"PATH": "/bin"}
    assert manager.environment == {"NOTIFY_SOCKET": "/run/notify"}


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "/no/such/socket"])
def test_without_anybody_who_listens_nothing_happens(address):
    ServiceManager({"NOTIFY_SOCKET": address}).hear({"ready": os.getpid()})

    assert ServiceManager({}).environment == {}
