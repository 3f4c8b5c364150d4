from tests.support.acting_verbs import acts_on_what_is_selected, wants_to_know_what


def test_block_acts_on_what_is_selected(cli):
    acts_on_what_is_selected(cli, "block", done="blocked")


def test_block_wants_to_know_what(cli):
    wants_to_know_what(cli, "block")
