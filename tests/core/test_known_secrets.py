from pmdaemon.core.known_secrets import SHORTEST, Masker


def test_values_are_hidden_wherever_they_stand():
    masked = Masker(["open sesame"])

    assert masked("the word is 'open sesame'!") == "the word is '********'!"


def test_the_longest_value_is_hidden_first():
    masked = Masker(["pass", "password"])

    assert masked("my password") == "my ********"


def test_each_line_of_a_value_is_hidden_by_itself():
    masked = Masker(["-----BEGIN KEY-----\nMIIB12345\n"])

    assert masked("MIIB12345") == "********"


def test_what_is_in_every_other_word_is_left():
    masked = Masker(["a", "on", "true", "production", ""])

    assert masked("on a true day in production") == "on a true day in production"


def test_a_value_as_short_as_one_may_be_is_hidden():
    assert Masker(["a" * SHORTEST])(f"it is {'a' * SHORTEST}") == "it is ********"
    assert Masker(["a" * (SHORTEST - 1)])("aaa") == "aaa"


def test_what_contains_another_value_is_hidden_as_one_whatever_their_order():
    for values in (["zz-key", "key-zz-key"], ["key-zz-key", "zz-key"]):
        assert Masker(values)("say key-zz-key") == "say ********"
