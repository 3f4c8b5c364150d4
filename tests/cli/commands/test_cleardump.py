from pmdaemon.client import dump_file
from pmdaemon.config.pm2_shape import dumped
from tests.support.views import a_view


def test_the_saved_list_is_empty_and_the_last_one_is_kept_beside_it(cli_without_daemon):
    cli = cli_without_daemon
    dump_file.write(cli.home.dump, [dumped(a_view(detail=True))])

    assert cli("cleardump") == 0
    assert cli.out == f"emptied {cli.home.dump}\n"
    assert dump_file.read(cli.home.dump) == ([], None)
    assert len(dump_file.read(dump_file.backup_of(cli.home.dump))[0]) == 1


def test_there_need_not_be_one(cli_without_daemon):
    cli = cli_without_daemon

    assert cli("cleardump", "--json") == 0
    assert cli.json == {"path": cli.home.dump}
