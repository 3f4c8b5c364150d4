from pmdaemon.core.errors import StoreUnavailable


async def test_a_store_that_cannot_be_read_is_told(api):
    api.parts.platform.store.failure = StoreUnavailable("damaged")

    health, ready = await api.ask("GET", "/health"), await api.ask("GET", "/ready")

    assert (health.status, ready.status) == (503, 503)
    assert health.json["status"] == "degraded"
    assert health.json["checks"] == {"database": False, "queue": True, "redis": False}
    assert ready.json == {"status": "not ready"}


async def test_a_queue_that_is_not_worked_on_is_told(api):
    api.parts.platform.follower.is_working = False

    health = await api.ask("GET", "/health")

    assert (health.status, health.json["checks"]["queue"]) == (503, False)


async def test_a_health_check_is_never_counted(api):
    answers = {await api.status("GET", "/health") for _ in range(400)}

    assert answers == {200}


async def test_figures_are_for_who_may_read_and_for_administrators(api):
    assert await api.status("GET", "/metrics") == 401
    assert await api.status("GET", "/metrics", by="jane") == 403
    for by in ("reader", "root"):
        answer = await api.ask("GET", "/metrics", by=by)

        assert answer.status == 200
        assert b'pmdaemon_projects{status="inactive"} 2.0\n' in answer.body
        assert b"pmdaemon_accounts 3.0\n" in answer.body
