from tests.support.acting_verbs import (
    acts_on_what_is_selected,
    has_an_exit_code_for_who_is_not_there,
    wants_to_know_what,
)


def test_restart_acts_on_what_is_selected(cli):
    acts_on_what_is_selected(cli, "restart", done="restarted")


def test_restart_wants_to_know_what(cli):
    wants_to_know_what(cli, "restart")


def test_restart_of_what_is_not_there_has_its_exit_code(cli):
    has_an_exit_code_for_who_is_not_there(cli, "restart")
