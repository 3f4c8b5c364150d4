import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.core.repositories import (
    LONGEST_BRANCH,
    LONGEST_URL,
    PUSHED,
    read_branch,
    read_repo_url,
    read_sha,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/user/repo",
        "https://github.com/user/repo.git",
        "http://git.local:3000/user/repo",
        "ssh://git@example.com:2222/user/repo.git",
        "ssh://example.com/repo",
        "git@github.com:user/repo.git",
        "https://10.0.0.7/repo",
    ],
)
def test_what_git_clones_over_a_network_is_a_repository(url):
    assert read_repo_url(f" {url}\n") == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "it is empty"),
        ("x" * 2001, "too long"),
        ("--upload-pack=touch /tmp/x", "characters that no address has"),
        ("--upload-pack=id", "begins with a dash"),
        ("ext::sh -c id", "characters that no address has"),
        ("ext::id", "names a helper of git"),
        ("fd::17", "names a helper of git"),
        ("file:///etc", "for administrators"),
        ("/etc", "for administrators"),
        ("https://user:secret@example.com/repo", "user name or password"),
        ("https://token@example.com/repo", "user name or password"),
        ("ssh://git:secret@example.com/repo", "user name or password"),
        ("ssh://-oProxyCommand=id@example.com/repo", "its user begins with a dash"),
        ("ssh://-oProxyCommand=id/repo", "its host begins with a dash"),
        ("-oProxyCommand=id@host:repo", "begins with a dash"),
        ("git@-oProxyCommand=id:repo", "it is none of"),
        ("git@host:-repo", "it is none of"),
        ("git://example.com/repo", "git is not spoken"),
        ("ftp://example.com/repo", "ftp is not spoken"),
        ("https:///repo", "names no host"),
        ("https://example.com", "names no host, or nothing on it"),
        ("https://example.com:99999999/repo", "no URL"),
        ("https://[::1/repo", "no URL"),
        ("http://169.254.169.254/latest/meta-data", "no repository is at this address"),
        ("http://[::ffff:169.254.169.254]/latest", "no repository is at this address"),
        ("git@169.254.169.254:repo", "no repository is at this address"),
        ("http://0.0.0.0/repo", "no repository is at this address"),
        ("user/repo", "it is none of"),
        ("https://example.com/a\x1bb", "characters that no address has"),
    ],
)
def test_what_is_none_or_harmful_is_refused(url, why):
    with pytest.raises(InvalidInput) as refused:
        read_repo_url(url)

    assert refused.value.code == "invalid_repo_url"
    assert why in refused.value.message
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("url", ["file:///srv/repo.git", "/srv/repo.git"])
def test_who_is_trusted_may_name_folders_of_this_machine(url):
    assert read_repo_url(url, trusted=True) == url


@pytest.mark.parametrize("url", ["file://host/x", "file:x", "file:///"[:7] + "x"])
def test_a_folder_is_named_from_the_root(url):
    with pytest.raises(InvalidInput):
        read_repo_url(url, trusted=True)


@pytest.mark.parametrize("text", ["main", "feature/new-cart", "release-1.2", "größe", " main "])
def test_branches_may_be_called_as_git_has_it(text):
    assert read_branch(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "", "-f", "--upload-pack=x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b",
        "@", "HEAD", "@{u}", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b",
        "a\x7f", "x" * 201,
    ],
)  # fmt: skip
def test_what_no_branch_is_called_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        read_branch(text)

    assert refused.value.code == "invalid_branch"


def test_commits_are_named_in_hex():
    assert read_sha("ABC1234") == "abc1234"
    for text in ("", "abc", "main", "-abc1234", "g" * 40, "a" * 65):
        with pytest.raises(InvalidInput) as refused:
            read_sha(text)
        assert refused.value.code == "invalid_commit"


def test_what_is_as_long_as_it_may_be_is_taken():
    url = f"https://example.com/{'x' * (LONGEST_URL - 20)}"
    assert read_repo_url(url) == url
    assert read_branch("x" * LONGEST_BRANCH) == "x" * LONGEST_BRANCH
    assert read_repo_url("https://example.com/x") == "https://example.com/x"


REFUSAL = "cannot use {} as the address of a repository: {}"


@pytest.mark.parametrize(
    ("url", "shown", "reason"),
    [
        ("", "this", "it is empty, too long, or has characters that no address has"),
        ("a b", "a b", "it is empty, too long, or has characters that no address has"),
        ("-x", "-x", "it begins with a dash"),
        ("ext::x", "ext::x", "it names a helper of git"),
        ("a/b", "a/b", "it is none of https://host/path, ssh://user@host/path, git@host:path"),
        ("https://[x/y", "this", "it is no URL"),
        ("ftp://a/b", "ftp://a/b", "ftp is not spoken: take https or ssh"),
        (
            "https://u:p@a/b",
            "this",
            "it holds a user name or password, and would be shown to others",
        ),
        ("ssh://-u@a/b", "ssh://-u@a/b", "its user begins with a dash"),
        ("ssh://-a/b", "ssh://-a/b", "its host begins with a dash"),
        ("https://a/", "https://a/", "it names no host, or nothing on it"),
        ("http://0.0.0.0/b", "http://0.0.0.0/b", "no repository is at this address"),
        ("git@0.0.0.0:b", "git@0.0.0.0:b", "no repository is at this address"),
        ("/srv/x", "/srv/x", "folders of this machine are for administrators"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_with_what(url, shown, reason):
    with pytest.raises(InvalidInput) as refused:
        read_repo_url(url)

    assert refused.value.message == REFUSAL.format(shown, reason)


def test_a_path_from_nowhere_is_named():
    with pytest.raises(InvalidInput) as refused:
        read_repo_url("file:x", trusted=True)

    assert refused.value.message == REFUSAL.format("file:x", "its path is not absolute")


def test_what_is_no_branch_or_commit_is_repeated():
    with pytest.raises(InvalidInput, match=r"^not the name of a branch: -f$"):
        read_branch("-f")
    with pytest.raises(InvalidInput, match=r"^not the name of a commit: main$"):
        read_sha("main")


def test_a_project_may_get_its_commits_by_pushes_alone():
    assert read_repo_url(f" {PUSHED} ", trusted=False) == PUSHED
