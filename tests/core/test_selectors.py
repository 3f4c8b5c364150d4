import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmdaemon.core.errors import InvalidInput, ProcessNotFound
from pmdaemon.core.names import app_name
from pmdaemon.core.selectors import LONGEST_PATTERN, Selector, parse_each, select
from tests.support.builders import a_process, an_app


def process(pm_id, name, *, instance=0, namespace="default"):
    spec = an_app(name=name, namespace=namespace)
    return a_process(pm_id=pm_id, instance=instance, spec=spec)


PROCESSES = [
    process(0, "web"),
    process(1, "web", instance=1),
    process(2, "worker", namespace="jobs"),
    process(3, "mail", namespace="jobs"),
    process(4, "2"),
    process(5, "jobs-api", namespace="web"),
    process(6, "a:1"),
    process(7, "solo", namespace="3"),
]


def chosen(*texts, processes=PROCESSES):
    return [each.pm_id for each in select([Selector.parse(text) for text in texts], processes)]


@pytest.mark.parametrize(
    ("text", "pm_ids"),
    [
        ("all", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("web", [0, 1]),
        ("jobs", [2, 3]),
        ("5", [5]),
        ("3", [7]),
        ("2", [4]),
        ("web:1", [1]),
        ("a:1", [6]),
        ("a:1:0", [6]),
        ("/^w/", [0, 1, 2]),
        ("/(mail|worker)/", [2, 3]),
        ("/W/", None),
        ("web:2", None),
        ("03", None),
        ("99", None),
        ("-1", None),
        ("//", None),
        ("/", None),
        ("ALL", None),
    ],
)
def test_a_selector_means_a_name_then_a_namespace_then_an_id(text, pm_ids):
    if pm_ids is None:
        with pytest.raises(ProcessNotFound):
            chosen(text)
    else:
        assert chosen(text) == pm_ids


def test_several_selectors_are_a_union_in_the_order_of_ids():
    assert chosen("jobs", "1", "web", "worker") == [0, 1, 2, 3]


def test_all_of_nothing_is_nothing():
    assert chosen("all", processes=[]) == []


def test_no_selectors_choose_nothing():
    assert chosen() == []


def test_one_selector_that_means_nothing_spoils_the_rest():
    with pytest.raises(ProcessNotFound):
        chosen("web", "nope")


def test_a_wrong_name_is_answered_with_the_names_there_are():
    with pytest.raises(ProcessNotFound) as refusal:
        chosen("wrker")

    assert refusal.value.message.endswith("is called wrker; did you mean worker?")
    assert refusal.value.details["available"] == [
        "2",
        "a:1",
        "jobs-api",
        "mail",
        "solo",
        "web",
        "worker",
    ]


def test_a_pattern_that_matches_nothing_is_not_taken_for_a_name():
    with pytest.raises(ProcessNotFound, match=r"^no process has a name like /wrker/$"):
        chosen("/wrker/")


def test_a_name_that_resembles_none_is_answered_without_a_guess():
    with pytest.raises(ProcessNotFound) as refusal:
        chosen("x" * 10_000 + "\n")

    assert "did you mean" not in refusal.value.message
    assert refusal.value.message.isprintable()
    assert len(refusal.value.message) < 200


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_selector_is_refused(text):
    with pytest.raises(InvalidInput) as refusal:
        Selector.parse(text)

    assert refusal.value.code == "invalid_selector"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/[/", "unterminated"),
        ("/(/", "unterminated"),
        ("/*/", "nothing to repeat"),
        ("/a{99999999999}/", "repetition number"),
        ("/" + "a" * 101 + "/", "over 100 characters"),
        ("/(a+)+b/", "repeats too much"),
        ("/(a|a)*b/", "repeats too much"),
        ("/(a?){60}b/", "repeats too much"),
        ("/((a))+b/", "repeats too much"),
        ("/.*.*.*.*b/", "repeats too much"),
        ("/" + "a?" * 40 + "/", "repeats too much"),
        ("/" + "(|a)" * 20 + "b/", "repeats too much"),
    ],
)
def test_a_regular_expression_that_cannot_be_used_is_refused(text, reason):
    with pytest.raises(InvalidInput, match=reason) as refusal:
        Selector.parse(text)

    assert refusal.value.code == "invalid_selector"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/^(web|api)-.*-[0-9]+$/", "api-eu-12"),
        (r"/\(a\+\)\+/", "(a+)+"),
        ("/(ab)+c/", "ababc"),
        ("/[+*?{|]{2}/", "+*"),
        ("/(?i)WEB/", "web"),
        ("/(?:web)?-.*?x/", "-yx"),
    ],
)
def test_an_ordinary_regular_expression_is_used(text, name):
    assert chosen(text, processes=[process(0, name)]) == [0]


@pytest.mark.parametrize(
    ("text", "pm_ids"),
    [("web", [0, 1]), ("3", [3]), ("2", [4]), ("a:1", [6])],
)
def test_a_narrow_selector_means_an_app_or_else_an_id(text, pm_ids):
    found = select([Selector(text, narrow=True)], PROCESSES)

    assert [each.pm_id for each in found] == pm_ids


@pytest.mark.parametrize("text", ["all", "jobs", "/web/", "web:1", "", " web", "03"])
def test_a_narrow_selector_means_nothing_wider(text):
    with pytest.raises(ProcessNotFound):
        select([Selector(text, narrow=True)], PROCESSES)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "an empty selector names no process"),
        (
            "/(/",
            "not a usable regular expression: ( (missing ), unterminated subpattern at position 0)",
        ),
        (
            "/(a*)*b/",
            (
                "not a usable regular expression: (a*)*b"
                " (it repeats too much to be tried on names in reasonable time)"
            ),
        ),
    ],
)
def test_what_is_no_selector_is_told_why(text, sentence):
    with pytest.raises(InvalidInput) as refusal:
        chosen(text)

    assert (refusal.value.code, refusal.value.message) == ("invalid_selector", sentence)
    assert refusal.value.details == ({"pattern": text.strip("/")} if text else {})


def test_a_pattern_has_a_length_and_no_more():
    assert chosen(f"/web|{'x' * (LONGEST_PATTERN - 4)}/") == [0, 1]
    with pytest.raises(InvalidInput, match=f"xxx.* [(]it has over {LONGEST_PATTERN} characters[)]"):
        chosen(f"/web|{'x' * (LONGEST_PATTERN - 3)}/")


def test_each_text_is_a_selector():
    assert parse_each(["web", "/a/"]) == [Selector.parse("web"), Selector.parse("/a/")]


def test_what_was_looked_up_already_is_meant_by_its_ids():
    selector = Selector("web", pm_ids=frozenset({1, 5}))

    assert [each.pm_id for each in select([selector], PROCESSES)] == [1, 5]


def test_what_was_looked_up_and_is_gone_since_is_not_found():
    with pytest.raises(ProcessNotFound, match="is called all"):
        select([Selector("all", pm_ids=frozenset({99}))], PROCESSES)


any_text = st.text(st.characters() | st.sampled_from("/:-. al01"), min_size=1, max_size=12)


@given(any_text)
@settings(max_examples=50)
def test_whatever_may_be_a_name_selects_all_of_its_instances_and_nothing_else(text):
    try:
        name = app_name(text)
    except InvalidInput:
        return
    others = [process(7, f"{name}x", namespace=name), process(8, "x", namespace=f"{name}:1")]

    assert chosen(name, processes=[process(5, name), process(6, name, instance=1), *others]) == [
        5,
        6,
    ]


@given(st.lists(any_text, max_size=3))
@settings(max_examples=50)
def test_whatever_is_typed_means_some_of_the_processes_in_their_order_or_is_refused(texts):
    try:
        pm_ids = chosen(*texts)
    except (InvalidInput, ProcessNotFound):
        return
    assert pm_ids == sorted(set(pm_ids))
    assert set(pm_ids) <= {each.pm_id for each in PROCESSES}
    if "all" in texts:
        assert len(pm_ids) == len(PROCESSES)
