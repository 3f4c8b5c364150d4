import pytest

from pmdaemon.cli.exit_codes import exit_code
from pmdaemon.core import errors


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("internal_error", 1),
        ("operation_failed", 1),
        ("tcp_port_taken", 1),
        ("app_already_exists", 1),
        ("invalid_input", 2),
        ("invalid_configuration", 2),
        ("invalid_selector", 2),
        ("script_not_found", 2),
        ("cwd_not_found", 2),
        ("interpreter_not_found", 2),
        ("file_unreadable", 2),
        ("tcp_ports_too_few", 2),
        ("wrong_usage", 2),
        ("unsupported", 2),
        ("process_not_found", 3),
        ("project_not_found", 3),
        ("account_not_found", 3),
        ("daemon_unavailable", 4),
        ("daemon_already_running", 4),
        ("home_unusable", 4),
        ("store_unavailable", 4),
        ("protocol_violation", 4),
        ("something_from_the_future", 1),
    ],
)
def test_each_code_has_its_status(code, status):
    assert exit_code(code) == status


def test_every_error_of_the_core_has_a_status():
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.PmdaemonError)
    ]

    assert {exit_code(kind.code) for kind in kinds} == {1, 2, 3, 4, 5}
