import pytest

from pmdaemon.core.errors import ProcessNotFound
from pmdaemon.core.instance_names import called, instance_name
from tests.support.builders import a_process, an_app


def instances(name, count):
    return [
        a_process(pm_id=10 + index, instance=index, spec=an_app(name=name, instances=count))
        for index in range(count)
    ]


def test_an_app_of_one_instance_is_called_by_its_name():
    assert [instance_name(one) for one in instances("web", 1)] == ["web"]


def test_instances_of_a_cluster_are_counted_from_1():
    assert [instance_name(one) for one in instances("web", 3)] == ["web-1", "web-2", "web-3"]


def test_the_name_of_an_app_means_all_of_its_instances():
    cluster = instances("web", 2)

    assert called("web", cluster) == cluster
    assert called("web-2", cluster) == [cluster[1]]


def test_an_app_that_has_the_name_of_an_instance_comes_first():
    cluster, other = instances("web", 2), a_process(pm_id=1, spec=an_app(name="web-1"))

    assert called("web-1", [*cluster, other]) == [other]


def test_what_is_not_there_is_refused_with_the_names_that_are():
    with pytest.raises(ProcessNotFound) as refused:
        called("nobody", instances("web", 2))

    assert refused.value.requested == "nobody"
    assert refused.value.details["available"] == ["web", "web-1", "web-2"]
