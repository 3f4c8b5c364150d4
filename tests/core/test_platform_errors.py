import pytest

from pmdaemon.core.errors import PmdaemonError, error_of
from pmdaemon.core.platform_errors import (
    DomainTaken,
    EmailTaken,
    Missing,
    ProjectNotFound,
    Taken,
    TooManyAttempts,
)


def test_what_is_not_found_repeats_what_was_asked_for_safely():
    error = ProjectNotFound("sh\x1b[2Jop")

    assert error.message == "no project is called sh\\x1b[2Jop"
    assert isinstance(error, Missing)


@pytest.mark.parametrize("error", [EmailTaken("a@b"), DomainTaken("a.example")])
def test_what_is_taken_has_a_code_of_its_own(error):
    assert isinstance(error, Taken)
    assert error.code.endswith("_taken")


def test_how_long_to_wait_survives_the_wire():
    error = TooManyAttempts(30)

    again = error_of(error.code, error.message, error.details)

    assert isinstance(again, TooManyAttempts)
    assert again.wait == 30


def test_codes_are_all_different():
    kinds, codes = [PmdaemonError], []
    for kind in kinds:
        kinds += kind.__subclasses__()
        if kind.__module__ == "pmdaemon.core.platform_errors":
            codes.append(kind.code)

    assert len(codes) == len(set(codes)) > 10
