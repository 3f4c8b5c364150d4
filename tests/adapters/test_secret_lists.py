import pytest
from msgspec import Struct

from pmdaemon.adapters.secret_lists import SecretList
from pmdaemon.core.errors import HomeUnusable
from tests.fakes.secret_files import FakeSecretFiles


class Word(Struct):
    word: str


@pytest.fixture
def files():
    return FakeSecretFiles()


def words(files):
    return SecretList(files, "words", field="words", kind=Word, loss="nobody knows them")


def test_without_a_file_there_are_none(files):
    assert words(files).all() == []


def test_what_was_put_there_is_there_for_the_next_daemon(files):
    words(files).replace([Word("new"), Word("old")])

    assert words(files).all() == [Word("new"), Word("old")]


def test_what_was_put_there_counts_at_once(files):
    ours = words(files)
    ours.replace([Word("old")])

    ours.replace([Word("new")])

    assert ours.all() == [Word("new")]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"words": 7}', '{"words": [{"word": 7}]}'])
def test_a_damaged_file_is_named_with_what_follows(files, text):
    files.write("words", text)

    with pytest.raises(HomeUnusable) as refused:
        words(files).all()

    assert str(refused.value) == (
        "cannot use the file words in the home: it is damaged; nobody knows them"
    )
