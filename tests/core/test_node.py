import pytest

from pmdaemon.core.node import is_node, shares_sockets
from pmdaemon.core.spec import Command
from tests.support.builders import an_app


def run_by(path, **changes):
    return an_app(command=Command("app", (), None, (path, "/srv/app")), **changes)


@pytest.mark.parametrize("path", ["/usr/bin/node", "/opt/node/bin/nodejs"])
def test_what_node_runs_is_nodes(path):
    assert is_node(run_by(path))


@pytest.mark.parametrize("path", ["/usr/bin/python3", "/srv/node/start", "/usr/bin/nodemon"])
def test_what_only_sounds_like_node_is_not(path):
    assert not is_node(run_by(path))


@pytest.mark.parametrize(
    ("path", "mode", "shares"),
    [
        ("/usr/bin/node", "cluster", True),
        ("/usr/bin/node", "fork", False),
        ("/usr/bin/python3", "cluster", False),
    ],
)
def test_node_programs_in_a_cluster_share_their_sockets(path, mode, shares):
    assert shares_sockets(run_by(path, exec_mode=mode)) is shares
