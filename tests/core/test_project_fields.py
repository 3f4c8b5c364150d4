import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.project_fields import FIELDS, LEAST_MEMORY, read_fields, slug_for
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


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("name", "xy", "xy"), ("name", "x" * 64, "x" * 64), ("port", 65535, 65535), ("port", 1, 1),
        ("build_command", "x" * 4096, "x" * 4096), ("build_command", " make ", "make"),
        ("framework", "x" * 64, "x" * 64), ("framework", " vite ", "vite"), ("framework", "", ""),
        ("run_dir", "x" * 500, "x" * 500), ("run_dir", "/", ""), ("run_dir", ".", ""),
        ("run_dir", "", ""), ("run_dir", " web ", "web"), ("health_path", " /up ", "/up"),
        ("health_path", "", ""), ("health_path", "/" + "x" * 499, "/" + "x" * 499),
        ("drain", 0, 0.0), ("drain", 0.5, 0.5), ("drain", 3600, 3600.0), ("keep", 1, 1),
        ("keep", 50, 50), ("keep", 5.0, 5),
        ("build_timeout", 0, 0.0), ("build_timeout", 1, 1.0), ("start_timeout", 86400, 86400.0),
    ],
)  # fmt: skip
def test_what_is_just_good_enough_is_kept(field, value, kept):
    assert read(**{field: value}) == {field: kept}


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("name", "x", "2 to 64 printable characters"),
        ("name", 7, "text"),
        ("repo_url", 7, "text"),
        ("branch", 7, "text"),
        ("build_command", "x\0", "at most 4096 characters, without NUL"),
        ("framework", "a\nb", "at most 64 printable characters"),
        ("framework", 7, "text"),
        ("run_dir", "..", "a folder within the repository"),
        ("run_dir", "a\nb", "a folder within the repository"),
        ("run_dir", "x" * 501, "a folder within the repository"),
        ("run_dir", 7, "text"),
        ("health_path", "up", "a path, as /health"),
        ("health_path", "/" + "x" * 500, "a path, as /health"),
        ("health_path", 7, "text"),
        ("port", 65536, "1 to 65535"),
        ("port", "x", "a whole number"),
        ("drain", "x", "seconds"),
        ("drain", 3601, "0 to 3600 seconds"),
        ("build_timeout", "x", "seconds"),
        ("start_timeout", 0.5, "1 to 86400 seconds, or 0 for the usual time"),
        ("keep", 51, "1 to 50 releases"),
        ("keep", "x", "a whole number"),
    ],
)
def test_a_refusal_says_what_is_wanted(field, value, wanted):
    with pytest.raises(InvalidInput) as refused:
        read(**{field: value})

    assert refused.value.message == f"cannot use {field}: it is {wanted}"
    assert (refused.value.code, refused.value.details) == ("invalid_project", {"field": field})


def test_a_field_that_no_project_has_is_named_with_those_that_there_are():
    with pytest.raises(InvalidInput) as refused:
        read(zebra=1, colour="red\t", name="fine")

    assert refused.value.message == f"projects have no field colour (there are {', '.join(FIELDS)})"
    assert (refused.value.code, refused.value.details) == ("invalid_project", {"field": "colour"})


def test_a_slug_has_no_dash_at_its_ends():
    assert slug_for("--X--", ()) == "x"
    assert slug_for(f"{'a' * 39} b", ()) == "a" * 39
    assert slug_for(f"!{'a' * 50}", ()) == "a" * 40
    assert slug_for("é", ()) == "e"


@pytest.mark.parametrize("memory", [0, LEAST_MEMORY, 2 * LEAST_MEMORY])
def test_memory_for_building_is_the_usual_or_enough(memory):
    assert read(build_memory=memory) == {"build_memory": memory}


def test_too_little_memory_for_building_is_refused_with_what_is_enough():
    with pytest.raises(InvalidInput, match=f"it is {LEAST_MEMORY} bytes at the least, or 0"):
        read(build_memory=LEAST_MEMORY - 1)
