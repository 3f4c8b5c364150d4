import pytest

from pmdaemon.cli.commands import slist

HOST = {
    "hostname": "here", "platform": "linux", "arch": "x86_64", "uptime": 100.5, "cores": 2,
    "cpu": 12.5, "load_average": [0.5, 0.25, 0.1],
    "memory": {"total": 4 * 1024**3, "used": 1024**3, "free": 3 * 1024**3},
    "disk": {"total": 1000, "used": 333, "free": 667},
}  # fmt: skip


@pytest.fixture
def host(cli, monkeypatch):
    monkeypatch.setattr(slist, "INTERVAL", 0.0)
    cli.daemon.answers("host", {"result": {**HOST, "cpu": 99.0}})
    cli.daemon.answers("host", {"result": HOST})
    return cli


@pytest.mark.parametrize("word", ["slist", "sysinfos"])
def test_what_the_machine_uses_has_the_names_of_pm2(host, word):
    assert host(word) == 0
    assert {name: (one["value"], one["unit"]) for name, one in host.json.items()} == {
        "CPU Usage": (12.5, "%"),
        "Load Average": (0.5, ""),
        "RAM Usage": (25.0, "%"),
        "RAM Total": (4096, "mb"),
        "RAM Free": (3072, "mb"),
        "fs:use:/": (33.3, "%"),
        "Uptime": (100, "s"),
    }


def test_our_own_shape_is_that_of_the_api(host):
    assert host("slist", "--json") == 0
    assert host.json == HOST
