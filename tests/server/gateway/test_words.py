import json

import pytest

from tests.support.gateway import a_gateway, body_of

LINES = ("Traceback:", "<boom>")


async def refused(*headers, lines=LINES, host=b"app.localhost"):
    async with a_gateway(log_tail=lambda _: lines) as gateway:
        gateway.leads_to()
        return await gateway.get(b"/", *headers, host=host)


async def test_a_program_is_told_in_text_with_the_last_lines_of_the_log():
    assert body_of(await refused()) == b"app is not running\n  Traceback:\n  <boom>\n"


async def test_a_browser_gets_a_page_in_which_nothing_of_the_log_is_markup():
    said = await refused(b"Accept: text/html,*/*")

    assert b"text/html; charset=utf-8" in said
    assert b"<h1>503 Service Unavailable</h1>" in said
    assert b"&lt;boom&gt;" in said
    assert b"<boom>" not in said


async def test_who_likes_json_gets_json():
    said = json.loads(body_of(await refused(b"Accept: application/json")))

    assert said == {"error": "app is not running", "status": 503, "last_lines": list(LINES)}


@pytest.mark.parametrize(
    "header", [b"X-Forwarded-For: 1.2.3.4", b"Via: 1.1 x", b"Forwarded: for=x"]
)
async def test_who_asks_for_somebody_else_sees_nothing_of_the_log(header):
    assert body_of(await refused(header)) == b"app is not running\n"


async def test_a_name_that_nobody_has_is_escaped():
    said = await refused(b"Accept: text/html", host=b"<b>")

    assert b"<b>" not in said
    assert b"404" in said
