"""A page with a WebSocket, over HTTPS, in a browser that trusts the authority of the home."""

import json
import sys

from playwright.sync_api import expect

from tests.support.browser import PATIENCE, a_browser, a_page, trust
from tests.support.ports import free_port, free_ports

expect.set_options(timeout=PATIENCE)

SERVER = """
import os
from aiohttp import WSCloseCode, web

PAGE = '''<!doctype html>
<title>a page</title>
<p id="seen">nothing</p>
<p id="times">0</p>
<script type="module">
  const show = (id, text) => { document.getElementById(id).textContent = text };
  let times = 0;
  const connect = () => {
    const socket = new WebSocket(`wss://${location.host}/socket`);
    socket.onopen = () => { times += 1; show("times", times); socket.send("hello"); };
    socket.onmessage = ({data}) => show("seen", `${isSecureContext} ${data}`);
    socket.onclose = () => setTimeout(connect, 50);
  };
  connect();
</script>
'''

async def page(_):
    return web.Response(text=PAGE, content_type="text/html")

async def socket(request):
    answer = web.WebSocketResponse()
    await answer.prepare(request)
    sockets.add(answer)
    async for message in answer:
        scheme = request.headers["X-Forwarded-Proto"]
        await answer.send_str(f"{message.data} over {scheme} from {os.getpid()}")
    sockets.discard(answer)
    return answer

async def leave(_):
    for each in list(sockets):
        await each.close(code=WSCloseCode.GOING_AWAY)

sockets = set()
app = web.Application()
app.on_shutdown.append(leave)
app.add_routes([web.get("/", page), web.get("/socket", socket)])
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
"""


def test_a_page_and_its_websocket_are_served_to_a_browser_over_https(pmdaemon, tmp_path):
    http, https, first = free_port(), free_port(), free_ports(21)
    line = f"proxy on --host 127.0.0.1 --http {http} --https {https}"
    pmdaemon.run(*line.split())
    authority = pmdaemon.run("proxy", "certs", "--json").json["authority"]
    trust(authority, tmp_path / "user")
    pmdaemon.script("server.py", SERVER)
    app = {
        "name": "app",
        "script": "server.py",
        "interpreter": sys.executable,
        "port": f"auto:{first}-{first + 20}",
        "listen_timeout": "60s",
        "proxy": True,
    }
    pmdaemon.script("apps.json", json.dumps({"apps": [app]}))
    pmdaemon.run("start", "apps.json")

    url = f"https://app.localhost:{https}"
    with a_browser(tmp_path / "user") as browser, a_page(browser, url) as page:
        (before,) = pmdaemon.list()
        seen = page.locator("#seen")
        expect(seen).to_have_text(f"true hello over https from {before['pid']}")

        # WebSockets hold no reload up, and their clients come again to the next run.
        pmdaemon.run("reload", "app")
        (after,) = pmdaemon.list()
        expect(seen).to_have_text(f"true hello over https from {after['pid']}")
        expect(page.locator("#times")).to_have_text("2")

    assert before["pid"] != after["pid"]
