from pmdaemon.config.caller import CallerEnvironment


def test_a_callers_environment_is_looked_through_once():
    caller = CallerEnvironment({"PATH": "/bin", "PMDAEMON_TOKEN": "secret"})

    inherited = caller.inherited

    assert inherited == {"PATH": "/bin"}
    assert caller.inherited is inherited
