import pytest

from pmdaemon.core.metrics import Usage


@pytest.mark.parametrize(
    ("total", "used", "percent"), [(1000, 500, 50.0), (3, 1, 33.3), (3, 2, 66.7), (0, 0, 0.0)]
)
def test_the_used_share_is_in_percent_with_one_decimal(total, used, percent):
    assert Usage(total=total, used=used, free=total - used).percent == percent
