import plistlib
import subprocess

import pytest
from msgspec.structs import replace

from pmdaemon.core.errors import InvalidInput
from pmdaemon.install.units import (
    MARK,
    Service,
    launchd_agent,
    launchd_daemon,
    system_unit,
    user_unit,
)
from tests.support.machine import needs

SERVICE = Service(
    name="pmdaemon-deploy",
    user="deploy",
    argv=["/opt/python", "-m", "pmdaemon.daemon", "--home", "/srv/home"],
    environment={"PATH": "/usr/bin:/bin", "PMDAEMON_HOME": "/srv/home"},
    stop_patience=120,
)
ODD = """/srv/a b%h"c'd\\e$f"""


def lines(unit, key):
    return [line for line in unit.splitlines() if line.startswith(f"{key}=")]


def test_a_system_unit_suits_the_keeper():
    assert system_unit(SERVICE) == (
        f"# {MARK}\n"
        "[Unit]\n"
        "Description=pmdaemon, which keeps the programs of deploy running\n"
        "After=network.target\n"
        "\n"
        "[Service]\n"
        "Type=notify\n"
        "NotifyAccess=main\n"
        "User=deploy\n"
        "Environment=PATH=/usr/bin:/bin\n"
        "Environment=PMDAEMON_HOME=/srv/home\n"
        "ExecStart=/opt/python -m pmdaemon.daemon --home /srv/home\n"
        "ExecReload=/bin/kill -HUP $MAINPID\n"
        "KillMode=process\n"
        "Delegate=yes\n"
        "TimeoutStopSec=120\n"
        "Restart=on-failure\n"
        "RestartSec=1\n"
        "OOMPolicy=continue\n"
        "LimitNOFILE=65536:524288\n"
        "\n"
        "[Install]\n"
        "WantedBy=multi-user.target\n"
    )


def test_a_user_unit_names_no_user_and_starts_with_the_users_manager():
    unit = user_unit(SERVICE)

    assert lines(unit, "User") == []
    assert lines(unit, "WantedBy") == ["WantedBy=default.target"]


def test_every_unit_has_its_control_group_to_divide():
    for write in (system_unit, user_unit):
        assert lines(write(SERVICE), "Delegate") == ["Delegate=yes"]


def test_waiting_for_the_network_orders_and_wants_it():
    unit = system_unit(replace(SERVICE, wait_for_ip=True))

    assert lines(unit, "After") == ["After=network-online.target"]
    assert lines(unit, "Wants") == ["Wants=network-online.target"]


def test_an_odd_path_stays_one_word_and_as_it_is():
    odd = replace(SERVICE, argv=["/a b/python", "--home", ODD], environment={"HOME": ODD})

    unit = system_unit(odd)

    assert lines(unit, "ExecStart") == [
        r"""ExecStart="/a b/python" --home "/srv/a b%%h\"c'd\\e$$f" """.rstrip()
    ]
    assert lines(unit, "Environment") == [r"""Environment="HOME=/srv/a b%%h\"c'd\\e$f" """.rstrip()]


@pytest.mark.parametrize("write", [system_unit, user_unit])
def test_what_no_unit_can_hold_is_refused(write):
    with pytest.raises(InvalidInput, match="control characters"):
        write(replace(SERVICE, environment={"PATH": "/bin\nUser=root"}))
    with pytest.raises(InvalidInput, match=r"no \$ in the path of a program"):
        write(replace(SERVICE, argv=["/opt/$x/python"]))


@needs("systemd-analyze")
@pytest.mark.parametrize("patience", [90, 400])
def test_systemd_has_nothing_to_say_against_it(tmp_path, patience):
    python = tmp_path / "a b" / "py%thon"
    python.parent.mkdir()
    python.symlink_to("/bin/true")
    odd = replace(
        SERVICE,
        user="root",
        argv=[str(python), "--home", ODD],
        environment={"PATH": f"/usr/bin:{ODD}", "X": ODD},
        stop_patience=patience,
        wait_for_ip=True,
    )
    unit = tmp_path / "pmdaemon-root.service"
    unit.write_text(system_unit(odd))

    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (said.stdout, said.stderr, said.returncode) == ("", "", 0)


def test_a_property_list_says_the_same_to_launchd():
    odd = replace(SERVICE, argv=["/opt/python", ODD], environment={"PATH": "/bin:<&>"})

    written = launchd_daemon(odd)

    assert MARK in written
    assert plistlib.loads(written.encode()) == {
        "Label": "pmdaemon-deploy",
        "ProgramArguments": ["/opt/python", ODD],
        "EnvironmentVariables": {"PATH": "/bin:<&>"},
        "UserName": "deploy",
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "AbandonProcessGroup": True,
        "ExitTimeOut": 120,
        "SoftResourceLimits": {"NumberOfFiles": 65536},
        "HardResourceLimits": {"NumberOfFiles": 524288},
    }


def test_an_agent_names_no_user():
    assert "UserName" not in plistlib.loads(launchd_agent(SERVICE).encode())


def test_what_no_property_list_can_hold_is_refused():
    with pytest.raises(InvalidInput, match="a property list cannot hold this"):
        launchd_agent(replace(SERVICE, argv=["/opt/python", "\x01"]))
