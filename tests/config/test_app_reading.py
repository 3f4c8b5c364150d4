import pytest

from pmdaemon.config.app_reading import Reading, read_fields
from pmdaemon.core.errors import InvalidConfiguration, InvalidInput


def test_a_problem_is_told_under_the_key_that_was_written():
    reading = Reading("apps[2]", said={"script": "exec"})

    reading.refuse("script", InvalidInput("it is gone"))
    reading.refuse("cwd", InvalidInput("it is gone, too"))

    error = reading.as_one()
    assert isinstance(error, InvalidConfiguration)
    assert error.problems == ("apps[2].exec: it is gone", "apps[2].cwd: it is gone, too")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            InvalidInput("no such program", code="script_not_found"),
            "script_not_found",
            "no such program",
        ),
        (InvalidInput("not text"), "invalid_input", "script: not text"),
        (InvalidConfiguration("x", ["url: bad"]), "invalid_input", "script.url: bad"),
    ],
)
def test_one_problem_without_a_file_stands_for_itself(error, code, message):
    reading = Reading()
    reading.refuse("script", error)

    assert (reading.as_one().code, reading.as_one().message) == (code, message)


def test_each_field_is_read_and_the_others_are_remarked_on():
    reading = Reading()

    read_fields(reading, {"maxRestarts": "5", "instances": "max", "nme": 1, "args": None}, cpus=3)

    assert reading.values == {"max_restarts": 5, "instances": 3}
    assert reading.said == {"max_restarts": "maxRestarts", "instances": "instances"}
    assert reading.warnings == ["nme: unknown field; did you mean name?"]
    assert reading.problems == []


def test_what_is_nested_too_deeply_is_a_problem_of_its_field():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    reading = Reading()

    read_fields(reading, {"env": deep, "env_prod": deep})

    assert reading.sentences == [
        "env: it is nested too deeply",
        "env_prod: it is nested too deeply",
    ]


def test_variables_are_put_in_first():
    reading = Reading()

    read_fields(reading, {"max_restarts": "${N}", "args": ["${NO}"]}, variables={"N": "7"})

    assert reading.values == {"max_restarts": 7}
    assert [path for path, _ in reading.problems] == ["args"]
