"""What every `SecretFiles` does, the real one and the fake."""

import pytest

from pmdaemon.adapters.secret_files import HomeSecretFiles
from tests.fakes.secret_files import FakeSecretFiles


@pytest.fixture(params=["real", "fake"])
def files(request, tmp_path):
    return HomeSecretFiles(tmp_path) if request.param == "real" else FakeSecretFiles()


def test_there_is_none_at_first(files):
    assert files.read("api-key") is None


def test_what_was_written_is_read(files):
    files.write("api-key", "sesame\n")
    files.write("other", "mellon\n")

    assert files.read("api-key") == "sesame\n"


def test_writing_again_replaces(files):
    files.write("api-key", "a longer secret\n")

    files.write("api-key", "sesame\n")

    assert files.read("api-key") == "sesame\n"


def test_what_was_removed_is_not_there_and_nothing_else_goes(files):
    files.write("api-key", "sesame\n")
    files.write("other", "mellon\n")

    files.remove("api-key")
    files.remove("api-key")

    assert (files.read("api-key"), files.read("other")) == (None, "mellon\n")


def test_it_says_where_a_file_is(files):
    assert files.write("api-key", "sesame\n").endswith("/api-key")
