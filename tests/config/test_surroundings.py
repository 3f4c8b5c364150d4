import os

from pmdaemon.config.surroundings import surroundings, without_proxies


def test_nothing_of_the_environment_is_told_but_what_may_be_known():
    told = surroundings(
        {
            "PATH": "/usr/bin",
            "HTTPS_PROXY": "http://proxy:3128",
            "no_proxy": "localhost",
            "SSL_CERT_FILE": "/etc/ca.pem",
            "JAVA_HOME": "/opt/java",
            "AWS_SECRET_ACCESS_KEY": "hush",
            "HTTP_PROXY": "",
        }
    )

    assert told == {
        "PATH": "/usr/bin",
        "HTTPS_PROXY": "http://proxy:3128",
        "no_proxy": "localhost",
        "SSL_CERT_FILE": "/etc/ca.pem",
        "JAVA_HOME": "/opt/java",
    }


def test_toolchains_are_found_in_the_home_of_the_user(tmp_path):
    (tmp_path / ".rustup").mkdir()
    (tmp_path / ".nvm").mkdir()

    told = surroundings({"HOME": str(tmp_path), "PATH": "/bin", "NVM_DIR": "/opt/nvm"})

    assert told == {"PATH": "/bin", "RUSTUP_HOME": f"{tmp_path}/.rustup", "NVM_DIR": "/opt/nvm"}


def test_where_programs_are_looked_for_is_always_told():
    assert surroundings({}) == {"PATH": os.defpath}


def test_proxies_can_be_left_out():
    told = {"PATH": "/bin", "HTTPS_PROXY": "http://proxy", "all_proxy": "x", "PIP_CERT": "/c"}

    assert without_proxies(told) == {"PATH": "/bin", "PIP_CERT": "/c"}
