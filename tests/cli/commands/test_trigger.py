REPLIES = [{"pm_id": 0, "name": "web", "namespace": "default", "value": {"a": 1}}]


def test_answers_are_printed_as_pm2_prints_them(cli):
    cli.daemon.answers("trigger", {"result": {"replies": REPLIES}})

    assert cli("trigger", "web", "act", "with this") == 0
    assert cli.out == '[web:0:default]={"a":1}\n'
    assert cli.daemon.asked("trigger") == [
        {"selectors": ["web"], "action": "act", "params": "with this"}
    ]


def test_answers_as_json(cli):
    cli.daemon.answers("trigger", {"result": {"replies": REPLIES}})

    assert cli("trigger", "web", "act", "--json") == 0
    assert cli.json == REPLIES
