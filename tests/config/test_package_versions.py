import json

from pmdaemon.config.package_versions import PackageVersions


def test_the_version_is_that_of_the_nearest_package(tmp_path):
    inner = tmp_path / "app" / "src"
    inner.mkdir(parents=True)
    (tmp_path / "package.json").write_text(json.dumps({"version": "1.0.0"}))
    (tmp_path / "app" / "package.json").write_text(json.dumps({"version": "2.0.0"}))

    versions = PackageVersions()

    assert versions.of(str(inner)) == "2.0.0"
    assert versions.of(str(tmp_path)) == "1.0.0"


def test_what_was_found_is_kept(tmp_path):
    package = tmp_path / "package.json"
    package.write_text(json.dumps({"version": "1.0.0"}))
    versions = PackageVersions()

    found = versions.of(str(tmp_path))
    package.unlink()

    assert versions.of(str(tmp_path)) == found == "1.0.0"


def test_a_package_without_a_version_is_passed_over(tmp_path):
    inner = tmp_path / "app"
    inner.mkdir()
    (tmp_path / "package.json").write_text('{"version": "3.0.0"}')
    (inner / "package.json").write_text('{"version": 1}')
    assert PackageVersions().of(str(inner)) == "3.0.0"

    (inner / "package.json").write_text("{nonsense")
    assert PackageVersions().of(str(inner)) == "3.0.0"


def test_no_package_is_no_version():
    assert PackageVersions().of("/nowhere/at/all") == "N/A"
