import pytest

from pmdaemon.config.deploy_section import destination_of
from pmdaemon.core.errors import InvalidConfiguration

LEAST = {"host": "h", "repo": "r", "path": "/srv/", "ref": "origin/main"}


def read(**section):
    return destination_of({"deploy": {"prod": {**LEAST, **section}}}, "prod", "eco.toml")


def problems(document):
    with pytest.raises(InvalidConfiguration) as refused:
        destination_of(document, "prod", "eco.toml")
    return refused.value.problems


def test_the_least_that_has_to_be_said():
    to = read()

    assert (to.hosts, to.repo, to.path, to.ref) == (("h",), "r", "/srv", "origin/main")
    assert (to.user, to.ssh_options, to.shallow, to.env, to.hooks) == (None, (), False, {}, {})


def test_everything_that_can_be_said():
    to = read(
        host=["a", "b"], user="u", key="k", port=22, fetch="fast", env={"node_env": 1},
        ssh_options=["X=1"], **{"forward-agent": True, "needs_tty": True, "post-deploy": "p",
                                "preSetup": ["a", "b"]},
    )  # fmt: skip

    assert to.hosts == ("a", "b")
    assert to.ssh_options == ("-o", "X=1", "-i", "k", "-p", "22", "-A", "-tt")
    assert (to.shallow, to.env) == (True, {"NODE_ENV": "1"})
    assert to.hooks == {"pre_setup": "a\nb", "post_deploy": "p"}


def test_all_that_is_wrong_is_told():
    section = {"host": ["-x"], "repo": "-r", "path": "/srv", "nonsense": 1, "env": 3}

    assert problems({"deploy": {"prod": section}}) == (
        "deploy.prod.ref: it is missing",
        "deploy.prod.repo: it may not begin with a dash",
        "deploy.prod: unknown: nonsense",
        "deploy.prod.host: not a host: -x",
        "deploy.prod.env: not a table: 3",
    )


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"user": ["a"]}, 'deploy.prod.user: not text: ["a"]'),
        ({"port": {}}, "deploy.prod.port: not text: {}"),
        ({"host": {"a": 1}}, 'deploy.prod.host: not text: {"a": 1}'),
        ({"post-deploy": [["a"]]}, 'deploy.prod.post_deploy: not text: [["a"]]'),
        ({"env": {"A;B": "1"}}, "deploy.prod.env: not a variable of a shell: A;B"),
    ],
)
def test_values_of_another_kind_are_refused(section, problem):
    assert problems({"deploy": {"prod": {**LEAST, **section}}}) == (problem,)


@pytest.mark.parametrize("document", [[], {}])
def test_a_file_without_deployments(document):
    assert problems(document) == ("there is no deploy section, which says where to",)


@pytest.mark.parametrize("document", [{"deploy": 1}, {"deploy": {"other": LEAST}}])
def test_an_environment_that_is_not_there(document):
    [problem] = problems(document)

    assert problem.startswith("deploy: no prod (there: ")


def test_a_section_that_is_none():
    assert problems({"deploy": {"prod": 1}}) == ("deploy.prod: not a table: 1",)
