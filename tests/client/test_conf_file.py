from concurrent.futures import ThreadPoolExecutor

import pytest

from pmdaemon.client import conf_file
from pmdaemon.core.errors import InvalidInput, OperationFailed


def test_values_are_where_their_keys_say():
    values = conf_file.with_value({}, "plain", "1")
    values = conf_file.with_value(values, "app:key", "2")
    values = conf_file.with_value(values, "app.other", "3")

    assert values == {"plain": "1", "app": {"key": "2", "other": "3"}}
    assert conf_file.value_of(values, "app.key") == "2"
    assert conf_file.value_of(values, "app") == {"key": "2", "other": "3"}


def test_a_longer_key_takes_the_place_of_a_value():
    assert conf_file.with_value({"app": "1"}, "app:key", "2") == {"app": {"key": "2"}}


def test_what_is_taken_away_is_gone_and_nothing_else():
    values = {"plain": "1", "app": {"key": "2", "other": "3"}}

    assert conf_file.without(values, "app:key") == {"plain": "1", "app": {"other": "3"}}
    assert conf_file.without(values, "all") == {}


@pytest.mark.parametrize("key", ["nothing", "app:nothing", "plain:deeper"])
def test_what_is_not_kept_is_said_to_be_so(key):
    values = {"plain": "1", "app": {"key": "2"}}

    with pytest.raises(InvalidInput, match="nothing is kept as") as refused:
        conf_file.value_of(values, key)
    assert refused.value.code == "unknown_key"
    with pytest.raises(InvalidInput):
        conf_file.without(values, key)


@pytest.mark.parametrize("key", ["", ":a", "a::b", "a.", "a" + ":a" * 100])
def test_a_key_with_an_empty_word_or_too_many_is_none(key):
    with pytest.raises(InvalidInput, match="not a key"):
        conf_file.words_of(key)


def test_the_file_is_in_the_form_of_pm2(tmp_path):
    path = str(tmp_path / "module_conf.json")

    conf_file.write(path, {"a": {"b": "1"}})

    assert (
        tmp_path / "module_conf.json"
    ).read_text() == '{\n    "a": {\n        "b": "1"\n    }\n}'
    assert conf_file.read(path) == {"a": {"b": "1"}}


def test_no_file_and_an_empty_one_have_no_values(tmp_path):
    path = tmp_path / "conf"
    assert conf_file.read(str(path)) == {}

    path.write_text("")
    assert conf_file.read(str(path)) == {}


@pytest.mark.parametrize("text", ["{nonsense", "[]"])
def test_a_broken_file_is_left_alone(tmp_path, text):
    path = tmp_path / "conf"
    path.write_text(text)

    with pytest.raises(OperationFailed, match="cannot use"):
        conf_file.read(str(path))
    assert path.read_text() == text


def test_a_file_that_cannot_be_written_is_said_to_be_so(tmp_path):
    with pytest.raises(OperationFailed, match="cannot write"):
        conf_file.write(str(tmp_path / "no" / "conf"), {})


def test_changes_made_at_the_same_time_are_all_kept(tmp_path):
    path = str(tmp_path / "conf")

    def keep(key):
        conf_file.change(path, lambda values: conf_file.with_value(values, key, "1"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, [f"key-{number}" for number in range(40)]))

    assert len(conf_file.read(path)) == 40


def test_taking_everything_away_where_nothing_is_kept_is_no_fault(tmp_path):
    path = tmp_path / "no" / "conf"

    conf_file.change(str(path), lambda values: conf_file.without(values, "all"))

    assert not path.parent.exists()
