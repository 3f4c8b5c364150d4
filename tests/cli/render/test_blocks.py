from pmdaemon.cli.render.blocks import process_blocks
from tests.support.views import a_view


def test_a_process_is_a_block_under_the_keys_of_pm2():
    shown = process_blocks([a_view("web"), a_view("api", pm_id=1, pid=None, uptime=0.0)])

    assert shown == (
        "+--- web\n"
        "namespace : default\n"
        "pid : 1234\n"
        "pm2 id : 0\n"
        "status : online\n"
        "restarted : 0\n"
        "uptime : 2m\n"
        "memory usage : 45.2 MB\n"
        "error log : /logs/web-0.err\n"
        "\n"
        "+--- api\n"
        "namespace : default\n"
        "pid : N/A\n"
        "pm2 id : 1\n"
        "status : online\n"
        "restarted : 0\n"
        "uptime : 0\n"
        "memory usage : 45.2 MB\n"
        "error log : /logs/api-0.err"
    )


def test_a_name_cannot_move_the_cursor():
    assert "\x1b" not in process_blocks([a_view("a\x1b[2J")])
