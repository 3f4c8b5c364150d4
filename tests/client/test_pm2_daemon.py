import pytest

from pmdaemon.client.pm2_daemon import message, running_in
from pmdaemon.core.errors import OperationFailed
from tests.support.pm2_rpc import a_pm2_daemon, answer, listed


def test_what_is_up_is_asked_in_pm2s_words(tmp_path):
    with a_pm2_daemon(tmp_path, listed({"name": "a"}, {"name": "b"})) as asked:
        found = running_in(tmp_path)

    assert found == [{"name": "a", "pm_id": 0}, {"name": "b", "pm_id": 1}]
    call = b'j:{"type": "call", "method": "getMonitorData", "args": [{}]}'
    assert asked == [
        b"\x12" + len(call).to_bytes(4, "big") + call + b"\x00\x00\x00\x0cs:pmdaemon:1"
    ]


def test_no_daemon_and_a_socket_of_a_dead_one_are_none(tmp_path):
    assert running_in(tmp_path) is None

    with a_pm2_daemon(tmp_path):
        pass
    assert (tmp_path / "rpc.sock").exists()
    assert running_in(tmp_path) is None


@pytest.mark.parametrize(
    "said",
    [
        answer({"error": "no"}),
        answer({"args": []}),
        answer({"args": [[{"name": 1}]]}),
        answer([]),
        message(["j:{"]),
        b"\x11\xff\xff\xff\xff",
        b"\x11\x00",
        b"",
    ],
)
def test_what_cannot_be_understood_is_said_to_be_so(tmp_path, said):
    with a_pm2_daemon(tmp_path, said), pytest.raises(OperationFailed, match="cannot understand"):
        running_in(tmp_path)
