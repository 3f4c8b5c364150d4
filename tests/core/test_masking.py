import pytest

from pmdaemon.core.masking import MASK, hide_passwords, looks_secret, masked


@pytest.mark.parametrize(
    "name",
    [
        "API_KEY",
        "APIKEY",
        "apiKey",
        "STRIPE_SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "DB_PASSWORD",
        "PGPASSWORD",
        "dbPass",
        "MYSQL_PWD",
        "SENTRY_DSN",
        "SESSION_COOKIE",
        "JWT",
        "GOOGLE_CREDENTIALS",
        "HTTP_AUTHORIZATION",
        "SSH_PRIVATE_KEY",
        "DJANGO_SECRETKEY_TOKEN",
        "AUTHTOKEN",
    ],
)
def test_names_of_secrets_are_known(name):
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "NODE_ENV",
        "PORT",
        "PATH",
        "PWD",
        "OLDPWD",
        "SSH_AUTH_SOCK",
        "KEYBOARD_LAYOUT",
        "MONKEY",
        "AUTHOR",
        "COMPASS",
        "BYPASS_CACHE",
        "PASSENGER_APP_ENV",
        "",
        "1",
    ],
)
def test_ordinary_names_are_left_alone(name):
    assert not looks_secret(name)


def test_the_value_of_a_secret_is_replaced_and_others_stay():
    shown = masked({"API_KEY": "abc", "NODE_ENV": "production"})

    assert shown == {"API_KEY": MASK, "NODE_ENV": "production"}


def test_a_secret_that_is_empty_is_shown_to_be():
    assert masked({"API_KEY": ""}) == {"API_KEY": ""}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://web:hunter2@db:5432/web", f"postgres://web:{MASK}@db:5432/web"),
        ("redis://:hunter2@cache", f"redis://:{MASK}@cache"),
        ("a=http://u:p@h b=http://v:q@i", f"a=http://u:{MASK}@h b=http://v:{MASK}@i"),
        ("postgres://web:hun@ter2@db", f"postgres://web:{MASK}@db"),
        ("http://localhost:3000/users/@me", "http://localhost:3000/users/@me"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("someone@example.com", "someone@example.com"),
    ],
)
def test_passwords_within_urls_are_hidden(text, shown):
    assert hide_passwords(text) == shown


def test_the_variable_of_a_url_is_searched_for_a_password():
    shown = masked({"DATABASE_URL": "postgres://web:hunter2@db"})

    assert shown == {"DATABASE_URL": f"postgres://web:{MASK}@db"}
