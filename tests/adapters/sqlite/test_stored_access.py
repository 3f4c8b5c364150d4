import json

import pytest

from pmdaemon.adapters.sqlite.stored_access import (
    token_from_row,
    token_to_row,
    web_from_json,
    web_to_json,
)
from pmdaemon.core.access import Token, TokenKind
from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.engine.interfaces import WebSettings

ELABORATE = WebSettings(
    host="::",
    tcp_port=80,
    api_key_digest="ab12",
    allow_create=True,
    ws_public=False,
    cors_origins=("https://app.example.com",),
    rate_limits=(RateLimit(5, 1.5),),
    trusted_proxies=("10.0.0.0/8",),
    tls_cert="/etc/cert.pem",
    tls_key="/etc/key.pem",
)


@pytest.mark.parametrize("settings", [WebSettings(), ELABORATE])
def test_how_the_web_side_listens_is_read_back_equal(settings):
    assert web_from_json(web_to_json(settings)) == settings


def test_what_an_older_release_wrote_has_defaults_for_the_rest():
    text = '{"host": "::1", "tcp_port": 80, "api_key_digest": null}'

    assert web_from_json(text) == WebSettings("::1", 80)


def test_a_web_side_whose_key_is_missing_is_refused():
    data = json.loads(web_to_json(ELABORATE))
    del data["api_key_digest"]

    with pytest.raises(KeyError):
        web_from_json(json.dumps(data))


@pytest.mark.parametrize("changes", [{"tcp_port": "80"}, {"rate_limits": [1]}, {"host": None}])
def test_settings_that_are_none_are_refused(changes):
    data = json.loads(web_to_json(ELABORATE)) | changes

    with pytest.raises(ValueError, match="Expected"):
        web_from_json(json.dumps(data))


def test_a_token_whose_kind_is_unknown_is_refused():
    row = token_to_row(
        Token(name="a", kind=TokenKind.KEY, digest="ab", grants=("read",), created=1.0)
    )

    with pytest.raises(ValueError, match="kind"):
        token_from_row({**row, "kind": "wax seal"})
