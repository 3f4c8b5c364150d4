def explained(cli, *names):
    entries = [
        {
            "pm_id": pm_id,
            "name": name,
            "called": name,
            "state": "online",
            "wish": "up",
            "sentences": [f"{name} is up.", "It is \x1b[31mhealthy."],
        }
        for pm_id, name in enumerate(names)
    ]
    cli.daemon.answers("explain", {"result": {"explanations": entries}})
    return entries


def test_one_is_explained_in_plain_sentences(cli):
    explained(cli, "web")

    assert cli("explain", "web") == 0
    assert cli.daemon.asked("explain") == [{"selectors": ["web"]}]
    assert cli.out == "web is up.\nIt is \\x1b[31mhealthy.\n"


def test_of_several_each_has_its_heading(cli):
    explained(cli, "web", "db")

    assert cli("explain", "all") == 0
    assert cli.out.count("(id ") == 2
    assert "\n\ndb (id 1)\ndb is up.\n" in cli.out


def test_programs_get_json(cli):
    entries = explained(cli, "web")

    assert cli("explain", "web", "--json") == 0
    assert cli.json == entries


def test_explain_wants_to_know_what(cli):
    assert cli("explain") == 2
