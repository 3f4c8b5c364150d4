import pytest

from pmdaemon.core.errors import InvalidInput, ProcessBlocked
from pmdaemon.core.process import Wish
from pmdaemon.core.spec import Dependency, Limits, RunAs
from pmdaemon.engine.admission import Admission
from tests.fakes.launcher import FakeLauncher
from tests.support.builders import a_process, an_app

WEB = an_app(depends_on=(Dependency("db"),))
DB = an_app(name="db")


@pytest.fixture
def admission():
    return Admission(FakeLauncher(), may_publish=lambda _: None)


def test_what_is_complete_is_admitted(admission):
    admission.check([WEB, DB], [])
    admission.check([WEB], [a_process(spec=DB)])


def test_a_dependency_that_is_being_deleted_does_not_exist(admission):
    with pytest.raises(InvalidInput, match="there is no such app"):
        admission.check([WEB], [a_process(spec=DB, wish=Wish.GONE)])


def test_a_circle_with_what_is_there_already_is_refused(admission):
    present = a_process(spec=an_app(name="db", depends_on=(Dependency("web"),)))

    with pytest.raises(InvalidInput) as refusal:
        admission.check([WEB], [present])

    assert refusal.value.code == "dependency_cycle"


def test_an_app_that_is_declared_anew_counts_as_it_is_declared_now(admission):
    old = a_process(spec=an_app(name="db", depends_on=(Dependency("web"),)))

    admission.check([WEB, DB], [old])


def test_what_is_blocked_is_refused(admission):
    with pytest.raises(ProcessBlocked, match="pmdaemon unblock web"):
        admission.check([an_app()], [a_process(wish=Wish.BLOCKED)])


@pytest.mark.parametrize(
    "changes", [{"run_as": RunAs(uid=1)}, {"limits": Limits(resources={"nproc": 1})}]
)
def test_what_the_launcher_could_not_do_is_refused(admission, changes):
    with pytest.raises(InvalidInput, match="cannot start web: only a daemon that") as refusal:
        admission.check([an_app(**changes)], [])

    assert refusal.value.code == "not_permitted"
