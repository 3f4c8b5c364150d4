import subprocess


def test_pm2_and_pm2_runtime_are_made_in_a_folder(cli_without_daemon, tmp_path):
    cli = cli_without_daemon

    assert cli("pm2", "--install-link", str(tmp_path)) == 0
    names = ("pm2", "pm2-runtime", "pm2-dev")
    assert cli.out.splitlines() == [f"wrote {tmp_path}/{name}" for name in names]
    said = subprocess.run([tmp_path / "pm2", "--version"], capture_output=True, check=True)
    assert said.stdout.count(b".") == 2


def test_what_is_there_is_left_alone(cli_without_daemon, tmp_path):
    cli = cli_without_daemon
    (tmp_path / "pm2").write_text("mine")

    assert cli("pm2", "--install-link", str(tmp_path)) == 2
    assert (tmp_path / "pm2").read_text() == "mine"
    assert cli.err == f"pmdaemon: {tmp_path}/pm2 is there already, and was left as it is\n"


def test_a_folder_that_is_not_there_is_said_to_be_so(cli_without_daemon, tmp_path):
    cli = cli_without_daemon

    assert cli("pm2", "--install-link", str(tmp_path / "no")) == 2
    assert "no such file" in cli.err


def test_all_three_are_made_or_none(cli_without_daemon, tmp_path):
    (tmp_path / "pm2-dev").write_text("mine")

    assert cli_without_daemon("pm2", "--install-link", str(tmp_path)) == 2
    assert cli_without_daemon.out == ""
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["pm2-dev"]
