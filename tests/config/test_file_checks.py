import pytest

from pmdaemon.config.file_checks import clashes
from pmdaemon.core.spec import Dependency
from pmdaemon.core.tcp_ports import parse
from tests.support.builders import an_app


def found(*specs):
    return clashes({f"apps[{index}]": spec for index, spec in enumerate(specs)})


def test_apps_that_get_along_have_no_problem():
    assert (
        found(
            an_app(name="a", tcp_ports=parse("3000-3001"), instances=2),
            an_app(name="b", tcp_ports=parse("3002"), depends_on=(Dependency("a"),)),
            an_app(name="c", tcp_ports=parse("auto:3000-3010")),
            an_app(name="d", depends_on=(Dependency("elsewhere"),)),
        )
        == []
    )


def test_a_name_is_for_one_app():
    assert found(an_app(name="a"), an_app(name="b"), an_app(name="a")) == [
        "apps[2].name: a is already the name of apps[0]"
    ]


@pytest.mark.parametrize(
    ("first", "instances", "second", "problem"),
    [
        ("3000", 1, "3000", True),
        ("3000-3003", 4, "3003", True),
        ("3000-3003", 2, "3002", False),
        ("3000", 1, "3001", False),
        ("auto:3000-3001", 1, "3000", False),
    ],
)
def test_a_tcp_port_is_for_one_app(first, instances, second, problem):
    one = an_app(name="a", tcp_ports=parse(first), instances=instances)
    other = an_app(name="b", tcp_ports=parse(second))

    told = [f"apps[1].port: {second} is already a TCP port of apps[0] (a)"]
    assert found(one, other) == (told if problem else [])


def test_dependencies_do_not_go_round():
    assert found(
        an_app(name="x"),
        an_app(name="a", depends_on=(Dependency("b"),)),
        an_app(name="b", depends_on=(Dependency("a"),)),
    ) == ["apps[1].depends_on: a circle: a needs b needs a"]
