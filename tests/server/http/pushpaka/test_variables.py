from pmdaemon.core.projects import EnvScope
from pmdaemon.server.http import connections


async def test_no_answer_and_no_record_has_a_value_in_it(api):
    one = {"project_id": api.names["shop"], "key": "A", "value": "v4lue"}
    several = {"project_id": api.names["shop"], "variables": {"B": "v4lue"}}
    file = {"project_id": api.names["shop"], "content": "C=v4lue"}

    answers = [
        await api.ask("POST", "/env", one, by="jane"),
        await api.ask("PUT", "/env", several, by="jane"),
        await api.ask("POST", "/env/import", file, by="jane"),
        await api.ask("GET", "/env?project_id={shop}", by="jane"),
        await api.ask("GET", "/projects/{shop}", by="jane"),
    ]

    assert [one.status for one in answers] == [200] * 5
    assert b"v4lue" not in b"".join(one.body for one in answers)
    assert "v4lue" not in str(api.parts.audit.entries)


async def test_the_program_gets_what_was_set(api):
    file = {"project_id": api.names["shop"], "content": "A='x y'\nB=$A\n", "scope": "run"}

    await api.ask("POST", "/env/import", file, by="jane")

    opened = api.platform.projects.environment(api.names["shop"], EnvScope.RUN)
    assert opened == {"A": "x y", "B": "$A", "DATABASE_URL": "postgres://s3cret"}


async def test_a_file_that_is_too_large_is_refused(api, monkeypatch):
    monkeypatch.setattr(connections, "LINGER_SECONDS", 60.0)
    file = {"project_id": api.names["shop"], "content": "A=" + "x" * 1_100_000}

    assert await api.status("POST", "/env/import", file, by="jane") == 413
