"""The tests, and what helps them."""

import pytest

# Before any of it is imported: what helpers assert fails with as much detail as what tests do.
pytest.register_assert_rewrite("tests.support")
