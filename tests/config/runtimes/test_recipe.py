from pmdaemon.config.runtimes.recipe import as_there_is, table, text, toml_of
from pmdaemon.core.releases import Listing


def test_a_file_that_is_broken_or_not_there_says_nothing():
    listing = Listing(frozenset({"a.toml"}), {"a.toml": "a = [", "b.toml": "x = 1"})

    assert toml_of(listing, "a.toml") == {}
    assert toml_of(listing, "c.toml") == {}
    assert toml_of(listing, "b.toml") == {"x": 1}


def test_files_have_the_right_article():
    assert as_there_is("index.php") == "as there is an index.php"
    assert as_there_is("pom.xml") == "as there is a pom.xml"


def test_what_is_of_another_kind_counts_as_empty():
    assert (table({"a": 1}), table([1]), table(None)) == ({"a": 1}, {}, {})
    assert (text(" a "), text(3), text(None)) == ("a", "", "")
