import pytest

from pmdaemon.core.certificates import (
    FIRST_WAIT,
    LONGEST_ASKED_FOR,
    LONGEST_WAIT,
    Certificate,
    is_for,
    may_be_ordered,
    refusal_after,
    renewal_time,
    still_counting,
    wait_after,
)


@pytest.mark.parametrize(
    ("host", "may_be"),
    [
        ("www.example.com", True),
        ("xn--bcher-kva.example", True),
        ("app.internal", True),
        ("localhost", False),
        ("app.localhost", False),
        ("printer.local", False),
        ("app", False),
        ("*.example.com", False),
        ("10.0.0.1", False),
        ("[::1]", False),
        ("[::ffff:10.0.0.1]", False),
        ("7.example", True),
        ("a.b.local", False),
        ("a.b.7", False),
        ("local.example.com", True),
    ],
)
def test_only_names_that_others_can_find_are_ordered(host, may_be):
    assert may_be_ordered(host) is may_be


def test_a_certificate_is_renewed_after_two_thirds_of_its_life():
    assert renewal_time(Certificate(host="a.test", source="acme", begins=100.0, ends=400.0)) == 300
    assert renewal_time(Certificate(host="a.test", source="none")) == 0
    assert renewal_time(Certificate(host="a.test", source="file", begins=100.0)) == 0
    assert renewal_time(Certificate(host="a.test", source="file", ends=400.0)) == 0


def test_each_wait_is_twice_as_long_up_to_a_day():
    assert [wait_after(n) for n in (1, 2, 3)] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert wait_after(9) == wait_after(10_000) == LONGEST_WAIT


def test_the_first_wait_is_as_long_as_we_say_and_the_reason_is_kept():
    refusal = refusal_after(None, directory="d", reason="too many", now=50.0)

    assert (refusal.directory, refusal.reason) == ("d", "too many")
    assert refusal.again == 50.0 + FIRST_WAIT


def test_an_authority_has_us_wait_longer_than_we_would_and_not_for_ever():
    first = refusal_after(None, directory="d", reason="no", now=50.0, asked_for=1.0)
    second = refusal_after(first, directory="d", reason="no", now=1000.0, asked_for=1e300)

    assert (first.count, first.tried, first.again) == (1, 50.0, 50.0 + FIRST_WAIT)
    assert (second.count, second.again) == (2, 1000.0 + LONGEST_ASKED_FOR)


def test_what_was_refused_long_ago_or_by_another_counts_no_more():
    lately, old = (
        refusal_after(None, directory="d", reason="no", now=now)
        for now in (LONGEST_WAIT, -FIRST_WAIT)
    )
    other = refusal_after(None, directory="e", reason="no", now=LONGEST_WAIT)
    refusals = {"a.test": lately, "b.test": old, "c.test": other}

    assert still_counting(refusals, "d", LONGEST_WAIT) == {"a.test": lately}


@pytest.mark.parametrize(
    ("pattern", "source", "host", "is_so"),
    [
        ("a.test", "acme", "a.test", True),
        ("a.test", "acme", "b.a.test", False),
        ("*.a.test", "file", "b.a.test", True),
        ("*.a.test", "file", "a.test", False),
        ("*.a.test", "file", "c.b.a.test", False),
        ("*.localhost", "local", "localhost", True),
        ("*.localhost", "local", "c.b.localhost", True),
        ("*.localhost", "local", "notlocalhost", False),
    ],
)
def test_a_wildcard_is_for_names_right_below_and_our_authority_for_all(
    pattern, source, host, is_so
):
    assert is_for(Certificate(host=pattern, source=source), host) is is_so
