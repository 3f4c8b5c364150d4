import pytest

from pmdaemon.config.field_table import (
    FIELDS,
    FIELDS_BY_NAME,
    INHERITED,
    NOT_ACTED_ON,
    remark,
)


def test_no_name_means_two_fields():
    names = [name for field in (*FIELDS, INHERITED) for name in (field.name, *field.aliases)]

    assert len(names) == len(set(names)) == len(FIELDS_BY_NAME)
    assert not NOT_ACTED_ON & set(names)


@pytest.mark.parametrize("spelling", ["vizion", "pmx", "windows_hide"])
def test_what_only_pm2_knows_is_said_to_do_nothing(spelling):
    assert remark(spelling) == "not acted on by this release"


@pytest.mark.parametrize(
    ("spelling", "guess"),
    [("scrip", "script"), ("instance", "instances"), ("max_restart", "max_restarts")],
)
def test_a_slip_is_answered_with_a_guess(spelling, guess):
    assert remark(spelling) == f"unknown field; did you mean {guess}?"


@pytest.mark.parametrize("spelling", ["qqq", "", "x" * 100_000])
def test_what_resembles_nothing_is_unknown(spelling):
    assert remark(spelling) == "unknown field"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_example_of_a_field_can_be_read(field):
    assert field.kind.read(field.example) is not None
    assert field.meaning.endswith(".")
