import ssl

import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.server.http.tls import server_context
from tests.support.certificates import make_certificate


def refusal(cert, key):
    with pytest.raises(InvalidInput) as refused:
        server_context(str(cert), str(key) if key else None)
    assert "\n" not in refused.value.message
    return refused.value.code


def test_a_certificate_and_its_key_make_a_context(tmp_path):
    context = server_context(*map(str, make_certificate(tmp_path)))

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_the_key_may_be_in_the_file_of_the_certificate(tmp_path):
    cert, key = make_certificate(tmp_path)
    cert.write_bytes(cert.read_bytes() + key.read_bytes())

    server_context(str(cert), None)


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert refusal(tmp_path / "none.pem", None) == "file_not_readable"


def test_a_path_that_no_file_can_have_is_told():
    assert refusal("/cert\0.pem", None) == "file_not_readable"


def test_what_is_no_certificate_is_told(tmp_path):
    (tmp_path / "cert.pem").write_text("hello")

    assert refusal(tmp_path / "cert.pem", None) == "invalid_certificate"


def test_a_key_of_another_certificate_is_told(tmp_path):
    cert, _ = make_certificate(tmp_path / "one")
    _, key = make_certificate(tmp_path / "other")

    assert refusal(cert, key) == "invalid_certificate"


def test_a_key_with_a_passphrase_is_told_and_nobody_is_asked_for_it(tmp_path):
    cert, key = make_certificate(tmp_path, passphrase=b"sesame")

    assert refusal(cert, key) == "invalid_certificate"
