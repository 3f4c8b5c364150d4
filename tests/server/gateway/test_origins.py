import pytest

from pmdaemon.server.gateway.origins import Origin, told, told_with

HERE = Origin(peer=b"10.0.0.9", host=b"app.test", secure=False, tcp_port=80)
OURS = b"for=10.0.0.9;host=app.test;proto=http"


def test_who_is_not_believed_is_told_of_as_we_see_it():
    assert told(HERE) == {
        b"x-forwarded-for": b"10.0.0.9",
        b"x-forwarded-proto": b"http",
        b"x-forwarded-host": b"app.test",
        b"x-forwarded-port": b"80",
        b"forwarded": OURS,
    }


@pytest.mark.parametrize(
    ("peer", "host", "written"),
    [
        (b"::1", b"app.test:9680", b'for="[::1]";host="app.test:9680";proto=https'),
        (b"", b'a"b\\c', b'for="";host="a\\"b\\\\c";proto=https'),
    ],
)
def test_what_is_no_token_is_quoted(peer, host, written):
    origin = Origin(peer=peer, host=host, secure=True, tcp_port=443)

    assert told(origin)[b"forwarded"] == written


def test_what_a_trusted_client_says_comes_before_what_we_know():
    said = told_with(
        HERE,
        [
            (b"X-Forwarded-For", b"1.2.3.4"),
            (b"x-forwarded-for", b"5.6.7.8"),
            (b"X-Forwarded-Proto", b"https"),
            (b"X-Forwarded-Host", b"www.test"),
            (b"X-Forwarded-Port", b"443"),
            (b"Forwarded", b"for=9.9.9.9"),
        ],
    )

    assert said == {
        b"x-forwarded-for": b"1.2.3.4, 5.6.7.8, 10.0.0.9",
        b"x-forwarded-proto": b"https",
        b"x-forwarded-host": b"www.test",
        b"x-forwarded-port": b"443",
        b"forwarded": b"for=9.9.9.9, " + OURS,
    }


def test_who_says_nothing_is_the_client():
    assert told_with(HERE, [(b"Accept", b"*/*"), (b"X-Forwarded-For", b"")]) == told(HERE)


def test_forwarded_is_worked_out_of_the_other_way_to_say_it():
    said = told_with(
        HERE, [(b"X-Forwarded-For", b"2001:db8::1, 5.6.7.8"), (b"X-Forwarded-Proto", b"https")]
    )

    assert said[b"forwarded"] == b'for="[2001:db8::1]";proto=https, for=5.6.7.8, ' + OURS


@pytest.mark.parametrize(
    ("forwarded", "chain", "scheme", "host"),
    [
        (b"for=1.2.3.4;proto=https;host=www.test", b"1.2.3.4, ", b"https", b"www.test"),
        (b'For="[2001:db8::1]:4711" ; Proto=https', b"2001:db8::1, ", b"https", b"app.test"),
        (b"for=1.2.3.4:80, for=unknown;proto=https", b"1.2.3.4, unknown, ", b"http", b"app.test"),
        (b'host="a\\"b"', b"", b"http", b'a"b'),
        (b"nonsense", b"", b"http", b"app.test"),
        (b"for=1.2.3.4 for=5.6.7.8", b"", b"http", b"app.test"),
        (b'for="1.2.3.4', b"", b"http", b"app.test"),
    ],
)
def test_the_other_way_is_worked_out_of_forwarded(forwarded, chain, scheme, host):
    said = told_with(HERE, [(b"Forwarded", forwarded)])

    assert said[b"x-forwarded-for"] == chain + b"10.0.0.9"
    assert said[b"x-forwarded-proto"] == scheme
    assert said[b"x-forwarded-host"] == host
