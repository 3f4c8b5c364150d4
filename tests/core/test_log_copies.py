import pytest

from pmdaemon.core.log_copies import copies_of, is_dropped
from pmdaemon.core.logs import OutputStream
from pmdaemon.core.spec import LogPolicy

OUT, ERR = OutputStream.OUT, OutputStream.ERR


def wanted(policy, instance=0):
    return [(copy.stream, copy.path) for copy in copies_of("web", instance, policy, "/logs")]


def test_nothing_is_copied_unless_it_is_asked_for():
    assert wanted(LogPolicy()) == []
    assert wanted(LogPolicy(merge=True)) == []


def test_each_stream_has_its_file_and_both_the_combined_one():
    policy = LogPolicy(out_file="/a.log", error_file="/b.log", combined_file="/c.log")

    assert wanted(policy) == [(OUT, "/a.log"), (OUT, "/c.log"), (ERR, "/b.log"), (ERR, "/c.log")]


def test_both_streams_may_go_into_one_file():
    policy = LogPolicy(out_file="/a.log", error_file="/a.log", combined_file="/a.log")

    assert wanted(policy) == [(OUT, "/a.log"), (ERR, "/a.log")]


@pytest.mark.parametrize("policy", [LogPolicy(date_format="HH:mm"), LogPolicy(json=True)])
def test_worded_lines_have_a_file_even_when_none_is_named(policy):
    assert wanted(policy, 1) == [(OUT, "/logs/web-1.out.log"), (ERR, "/logs/web-1.err.log")]
    assert all(copy.is_worded for copy in copies_of("web", 0, policy, "/logs"))


def test_instances_have_files_of_their_own_unless_they_share_them():
    policy = LogPolicy(out_file="/a.log", combined_file="/c", json=True)
    shared = LogPolicy(out_file="/a.log", combined_file="/c", json=True, merge=True)

    assert wanted(policy, 2) == [
        (OUT, "/a-2.log"), (OUT, "/c-2"), (ERR, "/logs/web-2.err.log"), (ERR, "/c-2"),
    ]  # fmt: skip
    assert wanted(shared, 2) == [
        (OUT, "/a.log"), (OUT, "/c"), (ERR, "/logs/web-0.err.log"), (ERR, "/c"),
    ]  # fmt: skip


def test_what_nobody_wants_is_not_copied():
    nowhere = LogPolicy(out_file="/dev/null", combined_file="/c.log")

    assert wanted(nowhere, 3) == [(OUT, "/c-3.log"), (ERR, "/c-3.log")]
    assert wanted(LogPolicy(out_file="/a", json=True, disabled=True)) == []


@pytest.mark.parametrize(
    ("policy", "out", "err"),
    [
        (LogPolicy(), False, False),
        (LogPolicy(disabled=True, combined_file="/c"), True, True),
        (LogPolicy(out_file="/dev/null"), True, False),
        (LogPolicy(error_file="/dev/null", combined_file="/dev/null"), False, True),
        (LogPolicy(out_file="/dev/null", combined_file="/c"), False, False),
    ],
)
def test_a_stream_is_dropped_when_nobody_wants_it(policy, out, err):
    assert (is_dropped(OUT, policy), is_dropped(ERR, policy)) == (out, err)
