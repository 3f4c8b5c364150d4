import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.project_domains import read_domain

RESERVED = {"deploy.example.org"}


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("app.example.com", "app.example.com"),
        (" App.Example.COM. ", "app.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("example.org", "example.org"),
        ("xdeploy.example.org", "xdeploy.example.org"),
    ],
)
def test_a_domain_is_kept_as_a_host_header_has_it(text, host):
    assert read_domain(text, reserved=RESERVED) == host


@pytest.mark.parametrize(
    "text",
    [
        "", "app", "http://app.example.com", "app.example.com/x", "app.example.com:80", "a b.c",
        "1.2.3.4", "[::1]", "[::ffff:1.2.3.4]", "1.2.3",
        "1.2.3.0x4", "a.0x", "1.2.3.4.", "*.example.com", "*", "a*.example.com", f"{'a' * 64}.com",
        f"{'a.' * 130}com", "-a.example.com", ".example.com", "a..b", "a_b.c\0",
    ],
)  # fmt: skip
def test_what_is_none_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        read_domain(text, reserved=RESERVED)

    assert refused.value.code == "invalid_domain"


@pytest.mark.parametrize(
    "text",
    ["deploy.example.org", "api.Deploy.example.org", "app.localhost", "x.internal", "x.local"],
)
def test_what_is_ours_or_nobodys_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        read_domain(text, reserved=RESERVED)

    assert refused.value.code == "reserved_domain"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("*.example.com", "cannot take *.example.com: name each host by itself"),
        ("1.2.3.4", "not a domain: 1.2.3.4 (example: app.example.com)"),
        ("a b.c", "not a domain: a b.c (example: app.example.com)"),
        ("X.local", "cannot take x.local: the name local is reserved"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_with_what(text, sentence):
    with pytest.raises(InvalidInput) as refused:
        read_domain(text, reserved=RESERVED)

    assert refused.value.message == sentence
