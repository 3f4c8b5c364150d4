import pytest

from pmdaemon.core.masking import MASK, hide_passwords, looks_secret, masked


@pytest.mark.parametrize(
    "name",
    [
        "API_KEY", "apiKey", "APIKEY", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "PGPASSWORD",
        "dbPassword", "GITHUB_TOKEN", "githubToken", "SENTRY_DSN", "JWT", "SESSION_SECRET",
        "MYSQL_PWD", "Authorization", "PRIVATE_KEY_PEM", "COOKIE_SALT", "STRIPEAPIKEY", "HTTPAuth",
    ],
)  # fmt: skip
def test_the_name_of_a_secret_tells(name):
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "PORT", "NODE_ENV", "PWD", "OLDPWD", "SSH_AUTH_SOCK", "XDG_SESSION_ID",
        "KEYBOARD", "MONKEY", "AUTHOR", "PASSENGERS", "TOKENIZER", "DESIGNATURE", "",
    ],
)  # fmt: skip
def test_a_name_that_only_contains_such_letters_does_not(name):
    assert not looks_secret(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://me:secret@db:5432/app", f"postgres://me:{MASK}@db:5432/app"),
        ("redis://:secret@cache", f"redis://:{MASK}@cache"),
        ("amqp://me:p@ss:word@mq", f"amqp://me:{MASK}@mq"),
        ("a://b:c@d and e://f:g@h", f"a://b:{MASK}@d and e://f:{MASK}@h"),
        ("http://host:8080/@scope", "http://host:8080/@scope"),
        ("http://me@host", "http://me@host"),
        ("plain: text@here", "plain: text@here"),
    ],
)
def test_passwords_in_addresses_are_hidden_and_nothing_else(text, shown):
    assert hide_passwords(text) == shown


def test_an_environment_is_copied_without_its_secrets():
    environment = {"TOKEN": "secret", "EMPTY_TOKEN": "", "DB": "pg://a:b@c", "PORT": "80"}

    shown = masked(environment)

    assert shown == {"TOKEN": MASK, "EMPTY_TOKEN": "", "DB": f"pg://a:{MASK}@c", "PORT": "80"}
    assert environment["TOKEN"] == "secret"
