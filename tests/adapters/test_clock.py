import time

from pmdaemon.adapters.clock import SystemClock


def test_the_system_clock_reads_both_clocks_of_the_machine():
    before = time.time(), time.monotonic()

    now = SystemClock().now()

    assert before[0] <= now.wall <= time.time()
    assert before[1] <= now.monotonic <= time.monotonic()
