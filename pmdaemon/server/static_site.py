"""A server for a folder of files, run as a program of its own: what `pmdaemon serve` starts.

It is told what to do by PM2's variables: PM2_SERVE_PATH, PM2_SERVE_PORT, PM2_SERVE_HOST,
PM2_SERVE_SPA, PM2_SERVE_FTP (lists folders), PM2_SERVE_HOMEPAGE, PM2_SERVE_BASIC_AUTH_USERNAME and
PM2_SERVE_BASIC_AUTH_PASSWORD.
"""

import base64
import hmac
import html
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from aiohttp import web
from msgspec import Struct

from pmdaemon.core.errors import InvalidInput, PmdaemonError

REALM = 'Basic realm="files"'


class Site(Struct, frozen=True):
    """What is served, and how; with `spa`, what is not there is answered with the home page."""

    folder: Path
    host: str = "0.0.0.0"  # noqa: S104 - PM2's default; `pmdaemon serve` says its own
    port: int = 8080
    spa: bool = False
    lists: bool = False
    homepage: str = "index.html"
    credentials: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"Site(folder={str(self.folder)!r}, port={self.port})"


def site_of(environment: Mapping[str, str]) -> Site:
    """Read what is to be served.

    Raises:
        InvalidInput: the folder is none, the port is none, or a password has no name.

    """

    def said(name: str, usual: str) -> str:
        return environment.get(f"PM2_SERVE_{name}") or usual

    folder = Path(said("PATH", ".")).resolve()
    if not folder.is_dir():
        raise InvalidInput(f"cannot serve {folder}: no such folder", code="file_not_found")
    port = said("PORT", environment.get("PORT") or "8080")
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise InvalidInput(f"not a port: {port}")
    name, password = said("BASIC_AUTH_USERNAME", ""), said("BASIC_AUTH_PASSWORD", "")
    if bool(name) != bool(password):
        raise InvalidInput("a password needs a user name, and a user name a password")
    return Site(
        folder=folder,
        host=said("HOST", "0.0.0.0"),  # noqa: S104 - as above
        port=int(port),
        spa=said("SPA", "") == "true",
        lists=said("FTP", "") == "true",
        homepage=said("HOMEPAGE", "index.html").lstrip("/"),
        credentials=(name, password) if name else None,
    )


def application(site: Site) -> web.Application:
    """Make the server of a site."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if site.credentials is not None and not _is_let_in(request, site.credentials):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": REALM})
        path = _path(site, request.match_info["path"])
        if path.is_dir():
            if (path / site.homepage).is_file():
                return _file(path / site.homepage)
            if site.lists:
                return _listing(site, path)
        elif path.is_file():
            return _file(path)
        return _not_found(site)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    return app


def main() -> None:
    """Serve what the environment says, until a signal comes."""
    try:
        site = site_of(os.environ)  # noqa: TID251 - this is a program of its own
        print(f"serving {site.folder} on {site.host}:{site.port}", flush=True)  # noqa: T201 - as above
        web.run_app(application(site), host=site.host, port=site.port, print=None)
    except (PmdaemonError, OSError) as error:
        sys.exit(f"cannot serve: {error}")


def _is_let_in(request: web.Request, credentials: tuple[str, str]) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = base64.b64encode(":".join(credentials).encode())
    return scheme.lower() == "basic" and hmac.compare_digest(given.strip().encode(), wanted)


def _path(site: Site, asked: str) -> Path:
    """Find the file that is asked for, and nothing outside of the folder, by links neither."""
    try:
        path = (site.folder / asked.lstrip("/")).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise web.HTTPForbidden from error
    if path != site.folder and site.folder not in path.parents:
        raise web.HTTPForbidden
    return path


def _file(path: Path, status: int = 200) -> web.StreamResponse:
    headers = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
    return web.FileResponse(path, status=status, headers=headers)


def _not_found(site: Site) -> web.StreamResponse:
    homepage, page = site.folder / site.homepage, site.folder / "404.html"
    if site.spa and homepage.is_file():
        return _file(homepage)
    if page.is_file():
        return _file(page, status=404)
    raise web.HTTPNotFound


def _listing(site: Site, path: Path) -> web.Response:
    names = sorted(f"{one.name}/" if one.is_dir() else one.name for one in path.iterdir())
    above = [] if path == site.folder else ["../"]
    links = "\n".join(
        f'<li><a href="{quote(name)}">{html.escape(name)}</a></li>' for name in [*above, *names]
    )
    title = html.escape(f"/{path.relative_to(site.folder)}".replace("/.", "/"))
    return web.Response(
        text=f"<!doctype html><title>{title}</title><ul>\n{links}\n</ul>", content_type="text/html"
    )


if __name__ == "__main__":
    main()
