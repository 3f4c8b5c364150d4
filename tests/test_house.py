"""What holds for the whole repository: tests mirror modules, and what was released stays."""

import ast
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pmdaemon"
TESTS = ROOT / "tests"

NOT_MIRRORED = {"acceptance", "contracts", "dialects", "chaos", "support", "fakes"}
"""Folders of tests that are about more than one module, or help tests."""

TESTED_ELSEWHERE = {
    "config/file_failures.py": "a part of ecosystem and env_files, tested with them",
    "config/schema_kinds.py": "a part of ecosystem_schema, tested with it",
    "daemon/ground.py": "a part of wiring, tested with it",
    "daemon/kept.py": "a part of the keeper, tested with it",
    "daemon/orphans.py": "a part of the keeper, tested with it",
    "engine/action_runner.py": "a part of processes, tested with it",
    "engine/draining.py": "a part of gateway_side, tested with it",
    "engine/gateway_listeners.py": "a part of gateway_side, tested with it",
    "engine/host_certificates.py": "a part of gateway_side, tested with it",
    "engine/live_routes.py": "a part of gateway_side, tested with it",
    "core/effects.py": "data without behaviour; the lifecycle is tested with it",
    "core/lifecycle_events.py": "data without behaviour; the lifecycle is tested with it",
    "core/notices.py": "data without behaviour; the bus and the supervisor are tested with it",
    "server/http/native/shapes.py": "types only; every answer of the transcripts is held to them",
    "server/http/prox/shapes.py": "types only; every answer of the transcripts is held to them",
    "server/http/pup/shapes.py": "types only; every answer of the transcripts is held to them",
    "core/projects.py": "data without behaviour; projects are tested by what is done with them",
    "core/spec.py": "data without behaviour; tests/config reads texts into it",
    "control/messages": "types only; the control socket is tested by talking over it",
    "adapters/process_handles.py": "types only; pidfd and pid_handles are tested by what they do",
    "server/declaring_verbs.py": "a part of control_verbs, tested with it",
    "server/following.py": "a part of control_verbs, tested with it",
    "engine/interfaces": "types only; tests/contracts holds every implementation to them",
}
"""Modules, and folders of them, without test files of their own, each with the reason."""

MIGRATIONS = PACKAGE / "adapters" / "sqlite" / "migrations"

RELEASED = {
    "0001_processes.sql": "286fbc06fd2ae873466e5dd3839b1d5c4322e54d0c2befc7eb31b10cd83395d0",
    "0002_tokens.sql": "9e334c6c104547296f2e76c203b485353930b4ad5ed186467a897b63c54c00bb",
    "0003_triggers.sql": "e5acbd9caf70b58fc147f4f4154c2294330a7a963d801aaded0f1505ba604f7a",
    "0004_job_runs.sql": "8333cf46db1367493e5ace12718e94a73a654c5ced65da87f61bb62f4d11a5ba",
    "0005_replacements.sql": "b3d66045105d844ba2183aa8ec404b697dc944d9c122c9b38b484326588191b6",
    "0006_journal.sql": "ef2b9df7b44ef4ea8613eef79efe17e5d6eef0332b757224ccee15b0c3280983",
    "0007_services.sql": "6142688934f7f0f648035e604391c1e0edabdef8aac36349e6eed2411af0be4d",
    "0008_platform.sql": "562cb4ce5c7a0dcb3e218e237cca5b7ab73dcbd47eb91294e9013c0329e6ccf8",
    "0009_deployments.sql": "f5664e1fbd0acfa6a04db3ada7b1ad9e6af0565d371450d2ace1f82ac1a92977",
    "0010_states.sql": "70bc6ed17614fb5bb0ad70e50be636094922a397dc291cc65a7d949facf98b25",
    "0011_begun.sql": "bbd71f477e6b6a88c3ace9375ad49710fe42c5751e5299f4c4a30ad7ca9aae54",
}
"""The SHA-256 of each migration: stores out there went through it as it was."""

CHECKED = ("pmdaemon", "tests", "bench", "examples")

SUPPRESSION = re.compile(r"#\s*(?:noqa|type: ignore)\b(?P<rest>.*)")

EXPLAINED = re.compile(r"(?:: [A-Z]+[0-9]+|\[[a-z, -]+\])(?:, [A-Z]+[0-9]+)* (?:#|-) \S")

LEFT_FOR_LATER = re.compile(r"\b(TODO|FIXME|XXX)\b")

MODULES = [
    path for path in PACKAGE.rglob("*.py") if path.name not in {"__init__.py", "__main__.py"}
]

TEST_FILES = list(TESTS.rglob("test_*.py"))


def mirror_of(module: Path) -> Path:
    inside = module.relative_to(PACKAGE)
    return TESTS / inside.with_name(f"test_{inside.name}")


def module_of(test_file: Path) -> Path:
    inside = test_file.relative_to(TESTS)
    return PACKAGE / inside.with_name(inside.name.removeprefix("test_"))


def is_mirrored(test_file: Path) -> bool:
    folder, *_ = test_file.relative_to(TESTS).parts
    return test_file.parent != TESTS and folder not in NOT_MIRRORED


def unexplained_in(source: Path) -> list[int]:
    """Find suppressions with no reason behind them, nor in a comment above them or their like."""
    found, explained = [], False
    for number, line in enumerate(source.read_text().splitlines(), start=1):
        suppression = SUPPRESSION.search(line)
        if suppression is None or line.lstrip().startswith("#"):
            explained = line.lstrip().startswith("#") or (explained and not line.strip())
        elif EXPLAINED.match(suppression["rest"]):
            explained = True
        elif not explained:
            found.append(number)
    return found


def is_exempt(module: Path) -> bool:
    inside = module.relative_to(PACKAGE)
    return bool({str(inside), str(inside.parent)} & TESTED_ELSEWHERE.keys())


def names(paths: Iterable[Path]) -> str:
    return "\n".join(str(path.relative_to(ROOT)) for path in sorted(paths))


def sleeps(path: Path) -> bool:
    """Tell whether a file calls `time.sleep`, or `asyncio.sleep` for longer than a turn."""
    text = path.read_text()
    if "sleep" not in text:
        return False  # to parse all files takes its time
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(ast.Attribute(ast.Name("asyncio"), "sleep"), [ast.Constant(0)]):
                continue
            case ast.Call(ast.Attribute(ast.Name("asyncio" | "time"), "sleep")):
                return True
            case ast.ImportFrom("time" | "asyncio", imported) if any(
                alias.name == "sleep" for alias in imported
            ):
                return True
    return False


def test_every_module_has_its_test_file():
    own = {mirror_of(module) for module in MODULES if not is_exempt(module)}
    missing = {path for path in own if not path.exists()}

    assert not missing, f"{len(missing)} test files are missing:\n{names(missing)}"


def test_every_test_file_has_its_module():
    strays = [
        path
        for path in TEST_FILES
        if is_mirrored(path)
        and not module_of(path).exists()
        and not module_of(path).with_suffix(".cjs").exists()
    ]

    assert not strays, f"test files of modules that are not there:\n{names(strays)}"


@pytest.mark.parametrize("module", TESTED_ELSEWHERE)
def test_an_exemption_is_for_a_module_without_a_test_file(module: str):
    assert (PACKAGE / module).exists()
    assert not mirror_of(PACKAGE / module).exists()


def test_every_folder_of_tests_is_a_package():
    folders = {path.parent for path in TEST_FILES}
    plain = {folder for folder in folders if not (folder / "__init__.py").exists()}

    assert not plain, f"folders without __init__.py:\n{names(plain)}"


def test_migrations_are_as_they_were_released():
    digests = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in MIGRATIONS.glob("*.sql")
    }

    assert digests == RELEASED


def test_migrations_are_numbered_without_gaps_and_set_their_version():
    for number, name in enumerate(sorted(RELEASED), start=1):
        text = (MIGRATIONS / name).read_text()

        assert name.startswith(f"{number:04}_")
        assert text.endswith(f"PRAGMA user_version = {number};\n")


def test_nothing_is_left_for_later():
    written = {".py", ".sql", ".js", ".cjs", ".css"}
    sources = [path for path in PACKAGE.rglob("*") if path.suffix in written]
    unfinished = {path for path in sources if LEFT_FOR_LATER.search(path.read_text())}

    assert not unfinished, f"files that leave something for later:\n{names(unfinished)}"


def test_every_suppression_names_what_it_suppresses_and_why():
    sources = [path for folder in CHECKED for path in (ROOT / folder).rglob("*.py")]
    unexplained = [
        f"{path.relative_to(ROOT)}:{number}" for path in sources for number in unexplained_in(path)
    ]

    assert not unexplained, "suppressions without a code or a reason:\n" + "\n".join(unexplained)


def test_no_test_sleeps():
    helper = TESTS / "support" / "waiting.py"
    sleepers = {path for path in TESTS.rglob("*.py") if path != helper and sleeps(path)}

    assert not sleepers, f"wait for something, by tests.support.waiting:\n{names(sleepers)}"
