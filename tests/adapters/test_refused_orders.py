import stat

import pytest

from pmdaemon.adapters.refused_orders import FILE, RefusedOrders
from pmdaemon.core.certificates import refusal_after
from pmdaemon.core.errors import HomeUnusable

REFUSED = {"a.test": refusal_after(None, directory="d", reason="no", now=1.5)}


def test_what_is_written_is_there_for_the_next_daemon_and_for_nobody_else(tmp_path):
    RefusedOrders(tmp_path).write(REFUSED)

    assert RefusedOrders(tmp_path).read() == REFUSED
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600

    RefusedOrders(tmp_path).write({})
    assert RefusedOrders(tmp_path).read() == {}


def test_without_any_there_is_no_file(tmp_path):
    RefusedOrders(tmp_path).write({})

    assert RefusedOrders(tmp_path).read() == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a.test": {"count": "x"}}'])
def test_a_file_that_is_no_good_holds_nothing(tmp_path, text):
    (tmp_path / FILE).write_text(text)

    assert RefusedOrders(tmp_path).read() == {}


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(HomeUnusable, match="cannot keep when to order again"):
        RefusedOrders(tmp_path / "file").write(REFUSED)
