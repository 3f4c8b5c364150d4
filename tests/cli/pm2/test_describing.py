def test_describe_has_pm2s_rows(pm2, web):
    pm2.lists(web)

    assert pm2("show", "web") == 0
    rows = [line.split("│")[1].strip() for line in pm2.out.splitlines() if line.startswith("│")]
    assert rows == [
        "status", "name", "namespace", "version", "restarts", "uptime", "script path",
        "script args", "error log path", "out log path", "pid path", "interpreter",
        "interpreter args", "script id", "exec cwd", "exec mode", "node.js version", "node env",
        "watch & reload", "unstable restarts", "created at",
    ]  # fmt: skip
    assert "2023-11-14T22:13:19.000Z" in pm2.out


def test_describe_of_what_is_not_there(pm2):
    pm2.refuses("list", "process_not_found", "no")

    assert pm2("describe", "nosuch") == 1
    assert pm2.err == "[PM2][WARN] nosuch doesn't exist\n"


def test_describe_tells_what_the_agent_of_a_program_says(pm2, web):
    jobs = {"value": 3, "historic": True}
    monitor = {"Heap": {"value": "9.2", "unit": "MiB"}, "Jobs": jobs, "odd": 5}
    actions = [{"action_name": "dump", "arity": 1}, {"action_name": "hello"}]
    pm2.lists({**web, "agent": {"actions": actions, "monitor": monitor, "options": {}}})

    assert pm2("describe", "web") == 0
    assert pm2.out.partition(" Actions available ")[2].splitlines() == [
        "",
        "┌───────┐",
        "│ dump  │",
        "│ hello │",
        "└───────┘",
        " Trigger via: pm2 trigger web <action_name>",
        " Code metrics value ",
        "┌──────┬─────────┐",
        "│ Heap │ 9.2 MiB │",
        "│ Jobs │ 3       │",
        "│ odd  │ 5       │",
        "└──────┴─────────┘",
    ]
