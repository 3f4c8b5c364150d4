import pytest

from pmdaemon.config.formats.sentences import lowered, number_too_long


def test_a_sentence_begins_small():
    assert lowered("Expecting value") == "expecting value"
    assert lowered("") == ""


def test_a_number_that_python_takes_for_too_long_is_known():
    with pytest.raises(ValueError, match="digits") as refusal:
        int("9" * 5000)

    assert number_too_long(refusal.value)
    assert not number_too_long(ValueError("other"))
