from tests.support.acting_verbs import (
    acts_on_what_is_selected,
    has_an_exit_code_for_who_is_not_there,
    wants_to_know_what,
)
from tests.support.views import a_view


def test_delete_acts_on_what_is_selected(cli):
    acts_on_what_is_selected(cli, "delete", done="deleted")


def test_delete_wants_to_know_what(cli):
    wants_to_know_what(cli, "delete")


def test_delete_of_what_is_not_there_has_its_exit_code(cli):
    has_an_exit_code_for_who_is_not_there(cli, "delete")


def test_del_is_short_for_it(cli):
    cli.does("delete", a_view())
    cli.lists()

    assert cli("del", "web") == 0
