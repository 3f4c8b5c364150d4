from msgspec.structs import replace

from tests.support.views import DECLARED, a_view


def test_the_environment_is_what_the_program_gets(cli):
    cli.lists(a_view(detail=True, spec=replace(DECLARED, env={"MODE": "x", "HOME": "/srv"})))

    assert cli("env", "0") == 0
    assert cli.out == "HOME: /srv\nMODE: x\nPATH: /usr/bin\nPMDAEMON_NAME: app\n"


def test_a_declared_port_beats_the_reserved_one(cli):
    cli.lists(a_view(detail=True, spec=replace(DECLARED, env={"PORT": "1"}), tcp_port=3000))

    cli("env", "0", "--json")

    assert cli.json["PORT"] == "1"


def test_instances_of_one_app_have_one_environment(cli):
    cli.lists(a_view(detail=True), a_view(detail=True, pm_id=1, instance=1))

    assert cli("env", "app") == 0


def test_several_apps_have_not(cli):
    cli.lists(a_view("a", detail=True), a_view("b", detail=True))

    assert cli("env", "all") == 2
    assert cli.err == "pmdaemon: env shows one process, and this names 2: give an id\n"


def test_without_processes_there_is_no_environment(cli):
    cli.lists()

    assert cli("env", "all") == 2
