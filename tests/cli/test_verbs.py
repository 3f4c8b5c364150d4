from pathlib import Path

from pmdaemon.cli import commands
from pmdaemon.cli.verbs import VERBS, canonical


def test_a_word_is_a_verb_or_its_alias():
    assert canonical("ls") == "list"
    assert canonical("list") == "list"
    assert canonical("nonsense") is None


def test_no_word_means_two_verbs():
    words = [word for verb in VERBS.values() for word in (verb.name, *verb.aliases)]

    assert len(words) == len(set(words))


def test_every_verb_has_its_module_and_the_reverse():
    folder = Path(commands.__file__).parent

    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == {
        verb.module for verb in VERBS.values()
    }
