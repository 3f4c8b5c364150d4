from uuid import UUID

from pmdaemon.adapters.ids import random_id


def test_an_id_is_a_random_uuid():
    ids = {random_id() for _ in range(100)}

    assert len(ids) == 100
    assert {UUID(one).version for one in ids} == {4}
