from pathlib import Path


def authority_in(home):
    folder = Path(home.path) / "certificates"
    folder.mkdir(parents=True)
    file = folder / "authority.pem"
    file.write_text("a certificate")
    return file


def test_it_says_where_the_authority_is(cli):
    file = authority_in(cli.home)

    assert cli("proxy", "certs") == 0

    assert cli.out.startswith(f"the authority of this home: {file}\n")


def test_it_says_how_a_machine_comes_to_trust_it(cli):
    file = authority_in(cli.home)

    assert cli("proxy", "certs", "--install") == 0

    assert f"NODE_EXTRA_CA_CERTS={file}" in cli.out
    assert "and for nothing else" in cli.out
