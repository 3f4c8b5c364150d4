import pytest

from pmdaemon.config.runtimes.ruby import recipe
from pmdaemon.core.releases import Listing


def listing(*names, gems=()):
    text = "source 'https://gems.test'\n" + "".join(f"gem '{gem}', '~> 1'\n" for gem in gems)
    return Listing(frozenset({"Gemfile", *names}), {"Gemfile": text})


@pytest.mark.parametrize(
    ("found", "start"),
    [
        (listing("config.ru"), "bundle exec rackup -o 127.0.0.1 -p $PORT"),
        (listing("config.ru", gems=["puma"]), "bundle exec puma -b tcp://127.0.0.1:$PORT"),
        (listing("config.ru", gems=["rails", "puma"]),
         "bundle exec rails server -b 127.0.0.1 -p $PORT"),
        (listing("app.rb", gems=["sinatra"]), "bundle exec ruby app.rb"),
        (listing(), ""),
    ],
)  # fmt: skip
def test_how_it_is_started(found, start):
    assert recipe(found).start == start


def test_a_lock_file_is_kept_to():
    locked, free = recipe(listing("Gemfile.lock")), recipe(listing())

    assert locked.build_env["BUNDLE_FROZEN"] == "true"
    assert "install: bundle install, by its Gemfile.lock" in locked.reasons
    assert "BUNDLE_FROZEN" not in free.build_env
    assert locked.install == free.install == "bundle install"


def test_rails_makes_its_assets_first_if_it_has_any():
    assert recipe(listing(gems=["rails"])).build == ""
    found = recipe(listing(gems=["rails", "propshaft"]))

    assert found.build == "bundle exec rails assets:precompile"
    assert found.build_env["SECRET_KEY_BASE_DUMMY"] == "1"
    assert found.run_env["RAILS_ENV"] == "production"
    assert "SECRET_KEY_BASE_DUMMY" not in found.run_env


def test_without_a_gemfile_it_is_none():
    assert recipe(Listing(frozenset({"app.rb"}))) is None
