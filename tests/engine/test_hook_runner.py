import json

from pmdaemon.core.hooks import RETRY_DELAYS
from pmdaemon.core.process import Exit
from pmdaemon.core.selectors import Selector
from pmdaemon.core.spec import Hook
from pmdaemon.engine.hook_runner import LONGEST_LINE
from pmdaemon.engine.interfaces import Delivery
from tests.support.builders import an_app
from tests.support.engine import settle

WEB = [Selector.parse("web")]
COMMAND = Hook(("crash", "stop"), command=("./alert.sh",))
POSTED = Hook(("all",), url="http://localhost/hook", secret="s3cret")
FAILED = Delivery(ok=False, reason="HTTP status 503", again=True)


async def crash(parts):
    parts.launcher.end(parts.identity(0), Exit(code=1))
    await settle()


def told(parts):
    return [json.loads(order.body)["event"] for order in parts.hook_delivery.orders]


async def test_a_hook_is_told_of_what_it_asked_for(parts):
    await parts.start(an_app(hooks=(COMMAND,), env={"A": "1"}))

    await crash(parts)
    await parts.engine.processes.stop(WEB)
    await settle()

    first, _ = parts.hook_delivery.orders
    assert told(parts) == ["crash", "stop"]
    assert (first.command, first.cwd, first.url) == (("./alert.sh",), "/srv", None)
    assert (first.env["PMDAEMON_EVENT"], first.env["A"]) == ("crash", "1")


async def test_hooks_for_all_are_told_of_every_app_and_run_at_home_as_the_daemon(parts):
    parts.triggers.hooks.tell_of_all([COMMAND])
    await parts.start(an_app(env={"A": "1"}), an_app(name="other", hooks=(POSTED,)))

    await crash(parts)

    (order,) = [one for one in parts.hook_delivery.orders if one.command]
    assert (order.cwd, order.env["PMDAEMON_NAME"]) == ("/", "web")
    assert "A" not in order.env


async def test_what_is_posted_is_signed_and_has_no_environment(parts):
    await parts.start(an_app(hooks=(POSTED,), env={"A": "secret"}))
    await settle()

    order = parts.hook_delivery.orders[-1]
    assert (order.url, order.env) == ("http://localhost/hook", {})
    assert order.headers["X-PMDaemon-Signature"].startswith("sha256=")
    assert "s3cret" not in str(order.headers)


async def test_events_are_told_in_order_up_to_the_last(parts):
    await parts.start(an_app(hooks=(POSTED,)))
    await parts.engine.processes.delete(WEB)
    await settle()

    assert told(parts) == ["added", "start", "exit", "deleted"]


async def test_what_fails_is_tried_again_later_with_the_same_id(parts):
    parts.hook_delivery.results = [FAILED, FAILED]
    await parts.start(an_app(hooks=(Hook(("start",), url="http://localhost/hook"),)))
    await settle()
    assert len(parts.hook_delivery.orders) == 1

    for delay in RETRY_DELAYS[:2]:
        parts.clock.advance(delay)
        await settle()
    parts.clock.advance(1e6)
    await settle()

    ids = {json.loads(order.body)["id"] for order in parts.hook_delivery.orders}
    assert (len(parts.hook_delivery.orders), len(ids)) == (3, 1)


async def test_it_is_given_up_after_some_attempts(parts):
    parts.hook_delivery.results = [FAILED] * 100
    await parts.start(an_app(hooks=(Hook(("start",), url="http://localhost/hook"),)))
    await settle()

    for _ in range(20):
        parts.clock.advance(1000.0)
        await settle()

    assert len(parts.hook_delivery.orders) == len(RETRY_DELAYS) + 1


async def test_what_will_not_help_is_not_tried_again(parts):
    parts.hook_delivery.results = [Delivery(ok=False, reason="HTTP status 404")]
    await parts.start(an_app(hooks=(Hook(("start",), url="http://localhost/hook"),)))
    await settle()

    parts.clock.advance(1e6)
    await settle()

    assert len(parts.hook_delivery.orders) == 1


async def test_a_hook_that_does_not_answer_keeps_nobody_else_waiting(parts):
    parts.hook_delivery.results = [FAILED]
    slow = Hook(("start",), url="http://localhost/slow")
    await parts.start(an_app(hooks=(slow, COMMAND)))
    await settle()

    await crash(parts)

    assert told(parts) == ["start", "crash"]


async def test_what_waits_for_a_hook_is_bounded_and_the_oldest_is_dropped(parts):
    parts.hook_delivery.results = [FAILED]
    await parts.start(an_app(hooks=(Hook(("crash",), url="http://localhost/slow"),)))
    for _ in range(LONGEST_LINE + 10):
        await crash(parts)
        await parts.engine.processes.restart(WEB)

    parts.clock.advance(RETRY_DELAYS[0])
    for _ in range(10):
        await settle()

    assert len(parts.hook_delivery.orders) == LONGEST_LINE + 2


async def test_nobody_is_told_any_more_when_the_daemon_ends(parts):
    parts.hook_delivery.results = [FAILED]
    await parts.start(an_app(hooks=(POSTED,)))
    await settle()
    before = len(parts.hook_delivery.orders)

    parts.triggers.hooks.stop()
    parts.clock.advance(1e6)
    await settle()

    assert len(parts.hook_delivery.orders) == before
