from pmdaemon.cli.render.differences import report

WEB = {
    "name": "web",
    "action": "restart",
    "changes": [
        {"field": "instances", "before": "1", "after": "2"},
        {"field": "env.GONE", "before": "x\x1b[2J", "after": None},
        {"field": "env.TOKEN", "before": "********", "after": "********"},
    ],
}
SAME = {"name": "db", "action": "keep", "changes": []}
OLD = {"name": "old", "action": "leave", "changes": []}


def test_an_app_is_a_line_and_each_difference_another():
    assert list(report([WEB, SAME, OLD], dry_run=False)) == [
        "web: will be restarted",
        "    instances: 1 → 2",
        r"    env.GONE: x\x1b[2J → (nothing)",
        "    env.TOKEN: changed",
        "db: unchanged",
        "old: not in the file any more, left alone (--prune deletes it)",
    ]


def test_that_nothing_is_done_is_said():
    assert list(report([WEB], dry_run=True))[-1] == "nothing was done (--dry-run)"
    assert list(report([SAME, OLD], dry_run=True))[-1] == "there is nothing to do"


def test_an_action_of_a_newer_daemon_is_shown_as_it_is():
    assert next(report([{**WEB, "action": "dance"}], dry_run=False)) == "web: dance"
