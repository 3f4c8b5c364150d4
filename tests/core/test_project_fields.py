import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.project_fields import FIELDS, read_fields, slug_for
from pmdaemon.core.projects import Project


def read(**given):
    return read_fields(given, trusted=False)


def test_what_is_given_is_checked_and_the_rest_left_alone():
    assert read(name=" My App ", port=8080.0, run_dir="./web/", branch="") == {
        "name": "My App",
        "port": 8080,
        "run_dir": "web",
        "branch": "main",
    }


def test_no_port_is_the_usual_one():
    assert read(port=0) == {"port": 3000}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x"), ("name", "x" * 65), ("name", 7), ("name", "a\nb"),
        ("port", -1), ("port", 65536), ("port", "3000"), ("port", True), ("port", 80.5),
        ("build_command", "x" * 4097), ("build_command", "a\0b"), ("start_command", ["npm"]),
        ("framework", "x" * 65), ("run_dir", "../.."), ("run_dir", "a/../../b"),
        ("run_dir", "/etc"), ("run_dir", "a\nb"), ("health_path", "health"),
        ("health_path", "/a b"), ("health_path", "/a\r\nX: y"), ("drain", -1), ("drain", 3601),
        ("drain", "30s"), ("drain", float("nan")), ("keep", 0), ("keep", 51), ("keep", False),
        ("build_timeout", 0.5), ("build_timeout", 86401), ("start_timeout", "1m"),
        ("build_timeout", True), ("build_memory", 1000), ("build_memory", "2G"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_and_named(field, value):
    with pytest.raises(InvalidInput, match=f"cannot use {field}: it is ") as refused:
        read(**{field: value})

    assert refused.value.code == "invalid_project"
    assert refused.value.details == {"field": field}


def test_a_repository_and_a_branch_go_by_their_own_rules():
    with pytest.raises(InvalidInput) as refused:
        read(repo_url="file:///etc")
    assert refused.value.code == "invalid_repo_url"
    with pytest.raises(InvalidInput) as refused:
        read(branch="--x")
    assert refused.value.code == "invalid_branch"
    assert read_fields({"repo_url": "/srv/x"}, trusted=True) == {"repo_url": "/srv/x"}


def test_every_field_is_one_of_a_project():
    assert set(FIELDS) <= set(Project.__struct_fields__)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My App", "my-app"),
        ("  Über--Shop! ", "uber-shop"),
        ("日本", "project"),
        ("x" * 100, "x" * 40),
        ("a@3", "a-3"),
        ("API", "api-2"),
        ("Shop", "shop-3"),
    ],
)
def test_a_slug_is_a_label_of_a_host_that_nobody_has(name, slug):
    assert slug_for(name, {"shop", "shop-2"}) == slug
