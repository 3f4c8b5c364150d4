import pytest

from pmdaemon.client import dump_file
from pmdaemon.client.saved_list import resurrect, save
from pmdaemon.config.paths import Home
from pmdaemon.config.pm2_shape import dumped
from pmdaemon.core.errors import DaemonUnavailable, InvalidInput, OperationFailed
from tests.support.views import a_view


class Daemon:
    """Knows some processes, and remembers what it was asked to start."""

    def __init__(self, folder):
        self.home = Home(str(folder))
        self.present = []
        self.started = []
        self.refused = set()
        self.away = False

    def list(self, *, detail=False):
        return self.present

    def start_apps(self, apps, *, relative_to, source, existing, down):
        assert (relative_to, source, existing) == ("/", self.home.dump, "keep")
        return self._started(apps, down)

    def start_declarations(self, declarations, *, source, existing, down):
        assert (source, existing) == (self.home.dump, "keep")
        return self._started(declarations, down)

    def _started(self, apps, down):
        if self.away:
            raise DaemonUnavailable("gone")
        names = [app["name"] for app in apps]
        if unfit := self.refused & set(names):
            raise InvalidInput(f"cannot run {sorted(unfit)}")
        self.started += [(name, down) for name in names]
        return [a_view(name) for name in names]


@pytest.fixture
def daemon(tmp_path):
    return Daemon(tmp_path)


@pytest.fixture
def saved(daemon):
    views = [
        a_view("web", detail=True),
        a_view("old", detail=True, pm_id=1, state="stopped", pid=None),
    ]
    dump_file.write(daemon.home.dump, [dumped(view) for view in views])


def back(daemon, **options):
    how = {"on_started": None, "on_warning": lambda _: None, **options}
    return [view["name"] for view in resurrect(daemon, **how)]


def test_an_empty_list_is_written_by_force_only(daemon):
    assert not save(daemon, force=False)["written"]
    assert save(daemon, force=True)["written"]
    assert dump_file.read(daemon.home.dump) == ([], None)


@pytest.mark.usefixtures("saved")
def test_what_was_up_is_started_and_what_was_down_is_listed(daemon):
    heard = []

    assert back(daemon, on_started=heard.append) == ["web", "old"]

    assert daemon.started == [("web", False), ("old", True)]
    assert [len(views) for views in heard] == [1, 1]


@pytest.mark.usefixtures("saved")
def test_what_is_there_and_was_down_is_left_alone(daemon):
    daemon.present = [a_view("old")]

    assert back(daemon) == ["web"]


def test_one_that_cannot_come_back_does_not_hold_up_the_others(daemon):
    views = [a_view(name, detail=True) for name in ("a", "b", "c", "d")]
    dump_file.write(daemon.home.dump, [dumped(view) for view in views])
    daemon.refused = {"a", "c"}

    with pytest.raises(OperationFailed, match=r"cannot run \['a'\] \(and 1 more\)"):
        back(daemon)

    assert daemon.started == [("b", False), ("d", False)]


@pytest.mark.usefixtures("saved")
def test_a_daemon_that_is_gone_is_not_asked_again(daemon):
    daemon.away = True

    with pytest.raises(DaemonUnavailable):
        back(daemon)


@pytest.mark.usefixtures("saved")
def test_that_the_backup_is_used_is_warned_of(daemon):
    save(daemon, force=True)
    with open(daemon.home.dump, "w") as file:
        file.write("{")
    warned = []

    assert back(daemon, on_warning=warned.append) == ["web", "old"]
    assert "; using " in warned[0]


def test_a_list_of_pm2_itself_is_read_as_the_file_of_apps_it_is(daemon):
    dump_file.write(
        daemon.home.dump,
        [{"name": "api", "pm_exec_path": "/srv/api.js", "status": "online"},
         {"name": "old", "pm_exec_path": "/srv/old.js", "status": "stopped"}],
    )  # fmt: skip

    assert back(daemon) == ["api", "old"]
    assert daemon.started == [("api", False), ("old", True)]
