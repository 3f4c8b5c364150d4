from tests.support.acting_verbs import (
    acts_on_what_is_selected,
    has_an_exit_code_for_who_is_not_there,
    wants_to_know_what,
)


def test_stop_acts_on_what_is_selected(cli):
    acts_on_what_is_selected(cli, "stop", done="stopped")


def test_stop_wants_to_know_what(cli):
    wants_to_know_what(cli, "stop")


def test_stop_of_what_is_not_there_has_its_exit_code(cli):
    has_an_exit_code_for_who_is_not_there(cli, "stop")
