"""Ruby: bundler, with Rails, Puma, or whatever Rack runs on."""

import re

from pmdaemon.config.runtimes.recipe import Recipe, as_there_is
from pmdaemon.core.releases import Listing

PLACE = {"BUNDLE_PATH": "vendor/bundle", "BUNDLE_WITHOUT": "development:test"}
"""Gems are kept in the release, and only those that it needs in production (bundle-config(1))."""

RAILS = {
    "RAILS_ENV": "production",
    "RAILS_LOG_TO_STDOUT": "1",
    "RAILS_SERVE_STATIC_FILES": "1",
}

ASSETS = frozenset({"propshaft", "sprockets-rails", "webpacker", "shakapacker", "vite_rails"})
"""Gems that have pages look for what has to be made of their sources first."""

_GEM = re.compile(r"^\s*gem\s*\(?\s*[\"']([\w-]+)", re.MULTILINE)


def recipe(listing: Listing) -> Recipe | None:
    """Say how a Ruby repository is run; None when it is none."""
    if not listing.has("Gemfile"):
        return None
    gems = {*_GEM.findall(listing.text("Gemfile"))}
    is_locked = listing.has("Gemfile.lock")
    frozen = {"BUNDLE_FROZEN": "true"} if is_locked else {}
    rails = RAILS if "rails" in gems else {}
    build = "bundle exec rails assets:precompile" if rails and gems & ASSETS else ""
    start, why = _start(listing, gems)
    reasons = [
        "Ruby, as there is a Gemfile",
        f"install: bundle install{', by its Gemfile.lock' if is_locked else ''}",
    ]
    if build:
        reasons.append(f"build: {build}, as it needs {min(gems & ASSETS)}")
    if start:
        reasons.append(f"start: {start}, {why}")
    return Recipe(
        runtime="ruby",
        install="bundle install",
        build=build,
        start=start,
        # Nothing that is only to be built needs to know the secrets of what runs.
        build_env={
            **PLACE, **frozen, **rails, "BUNDLE_SILENCE_ROOT_WARNING": "1",
            **({"SECRET_KEY_BASE_DUMMY": "1"} if rails else {}),
        },
        run_env={**PLACE, **rails, "RACK_ENV": "production"},
        reasons=tuple(reasons),
    )  # fmt: skip


def _start(listing: Listing, gems: set[str]) -> tuple[str, str]:
    if "rails" in gems:
        return "bundle exec rails server -b 127.0.0.1 -p $PORT", "as it needs rails"
    if listing.has("config.ru"):
        if "puma" in gems:
            return "bundle exec puma -b tcp://127.0.0.1:$PORT", "as it needs puma"
        return "bundle exec rackup -o 127.0.0.1 -p $PORT", "as there is a config.ru"
    main = listing.first("app.rb", "main.rb", "server.rb")
    return (f"bundle exec ruby {main}", as_there_is(main)) if main is not None else ("", "")
