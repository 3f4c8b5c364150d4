from pmdaemon.cli.errors import WrongUsage
from pmdaemon.cli.exit_codes import WRONG_USAGE, exit_code


def test_wrong_usage_has_its_own_exit_code():
    assert exit_code(WrongUsage("no").code) == WRONG_USAGE
