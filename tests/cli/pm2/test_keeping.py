from tests.support.views import a_view


def test_values_are_shown_as_lines_that_set_them(pm2):
    pm2.lists()

    assert pm2("set", "app:a", "1") == 0
    assert pm2.out.splitlines() == [
        "[PM2] Setting changed", "Module: app", "$ pm2 set app:a 1",
    ]  # fmt: skip
    assert pm2("multiset", "app:b 2") == 0
    assert pm2("conf") == 0
    assert pm2.out.splitlines() == ["Module: app", "$ pm2 set app:a 1", "$ pm2 set app:b 2"]


def test_a_value_is_printed_with_its_place(pm2):
    pm2.lists()
    pm2("set", "app:a", "1")

    assert pm2("get", "app:a") == 0
    assert pm2.out == "Value for module app key a: 1\n"
    assert pm2("get", "nosuch:key") == 1
    assert pm2("unset", "app:a") == 0
    assert pm2("unset", "app:a") == 0
    assert pm2("get", "app:a") == 1


def test_an_app_is_started_anew_with_its_value(pm2):
    pm2.lists(a_view("web"))
    pm2.does("restart", a_view("web"))

    assert pm2("conf", "web:A", "1") == 0
    assert pm2.daemon.asked("restart")[0]["options"] == {"env": {"A": "1"}}
