import pytest

from pmdaemon.server.http.dashboard.negotiation import prefers_page

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept",
    [
        CHROMIUM,
        "text/html",
        "TEXT/HTML",
        "text/html; charset=utf-8",
        "application/json;q=0.9, text/html",
        "application/json, text/html",
    ],
)
def test_who_names_html_gets_the_page(accept):
    assert prefers_page([accept])


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "text/*",
        "application/json, text/html;q=0.5",
        "text/html;q=0",
        "text/html;q=much",
        ", ;q=1,,",
        "",
    ],
)
def test_who_does_not_gets_json(accept):
    assert not prefers_page([accept])


def test_a_client_that_says_nothing_gets_json():
    assert not prefers_page([])


def test_several_headers_count_as_one():
    assert not prefers_page(["text/html;q=0.5", "application/json"])
