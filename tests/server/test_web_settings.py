import pytest

from pmdaemon.core.access import digest_of
from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.rate_limits import RateLimit
from pmdaemon.engine.interfaces import WebSettings
from pmdaemon.server.web_settings import read

PLAIN = {"host": "127.0.0.1", "port": 9615, "detach": True}


def test_what_is_not_said_has_its_default():
    assert read(PLAIN) == WebSettings()


def test_everything_can_be_said():
    settings = read(
        {
            "host": "0.0.0.0",
            "port": 80,
            "detach": True,
            "api_key": "sesame",
            "allow_create": True,
            "ws_auth": "required",
            "cors_origins": ["https://App.example.com"],
            "rate_limits": ["1000/1m", "5/500ms"],
            "body_limit": "16K",
            "trusted_proxies": ["10.0.0.0/8"],
            "tls_cert": "/etc/cert.pem",
            "tls_key": "/etc/key.pem",
        }
    )

    assert settings == WebSettings(
        host="0.0.0.0",
        tcp_port=80,
        api_key_digest=digest_of("sesame"),
        allow_create=True,
        ws_public=False,
        cors_origins=("https://app.example.com",),
        rate_limits=(RateLimit(1000, 60.0), RateLimit(5, 0.5)),
        trusted_proxies=("10.0.0.0/8",),
        body_limit=16 * 1024,
        tls_cert="/etc/cert.pem",
        tls_key="/etc/key.pem",
    )


@pytest.mark.parametrize(("said", "size"), [("1024", 1024), ("64M", 64 * 1024 * 1024)])
def test_a_limit_for_bodies_may_be_the_least_and_the_most(said, size):
    assert read({**PLAIN, "body_limit": said}).body_limit == size


def test_there_may_be_no_limits_and_no_origins():
    settings = read({**PLAIN, "rate_limits": [], "cors_origins": []})

    assert (settings.rate_limits, settings.cors_origins) == ((), ())


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"api_key": " "}, "invalid_input"),
        ({"tls_key": "/etc/key.pem"}, "invalid_input"),
        ({"body_limit": "1023"}, "invalid_body_limit"),
        ({"body_limit": "65M"}, "invalid_body_limit"),
        ({"body_limit": "much"}, "invalid_input"),
        ({"trusted_proxies": ["proxy.example.com"]}, "invalid_network"),
        ({"cors_origins": ["app.example.com"]}, "invalid_origin"),
        ({"cors_origins": ["https://app.example.com/path"]}, "invalid_origin"),
        ({"cors_origins": ["https://a.example.com\r\nX: y"]}, "invalid_origin"),
        ({"rate_limits": ["100"]}, "invalid_rate_limit"),
    ],
)
def test_what_cannot_be_is_refused(said, code):
    with pytest.raises(InvalidInput) as refused:
        read({**PLAIN, **said})

    assert refused.value.code == code
