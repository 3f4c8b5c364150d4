from tests.support.views import a_view


def test_the_list_is_in_the_form_in_which_node_shows_values(cli):
    cli.lists(a_view("it's", detail=True))

    assert cli("prettylist") == 0
    assert cli.out.startswith('[\n  {\n    pid: 1234,\n    name: "it\'s",\n    pm2_env: {\n')
    assert cli.out.endswith("    pm_id: 0,\n    monit: { memory: 47395635, cpu: 1.2 }\n  }\n]\n")


def test_an_empty_list(cli):
    cli.lists()

    assert cli("prettylist") == 0
    assert cli.out == "[]\n"
