"""Hundreds of processes: what has changed is drawn and nothing else, curves where one looks."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

COUNT = 500


def a_process(number, cpu=1.0):
    return {
        "id": number,
        "name": f"worker-{number:03}",
        "status": "online",
        "pid": 1000 + number,
        "port": None,
        "cpu_usage": cpu,
        "memory_usage": 40_000_000,
        "uptime": "1h 0m 0s",
        "restarts": 0,
        "health_status": "unknown",
        "namespace": "default",
        "instance": 0,
    }


@pytest.fixture
def crowd(page):
    """A page of many processes, whose server a test can have say something else."""
    said = {"processes": [a_process(number) for number in range(COUNT)], "times": 0}

    def answer(route):
        said["times"] += 1
        route.fulfill(json=said["processes"])

    page.context.route_web_socket("**/ws", lambda socket: socket.close())
    page.route("**/api/processes", answer)
    page.reload()
    expect(page.get_by_role("row")).to_have_count(COUNT + 1)
    page.said = said
    return page


def test_an_answer_that_changes_one_process_touches_one_row(crowd):
    crowd.evaluate(
        """() => {
            window.touched = new Set();
            new MutationObserver((changes) => {
                for (const { target } of changes) {
                    const element = target.closest ? target : target.parentElement;
                    const row = element.closest("tbody tr");
                    if (!row || element.closest("pm-curve")) continue;
                    touched.add(row.querySelector(".name").textContent);
                }
            }).observe(document.querySelector("tbody"),
                { subtree: true, childList: true, characterData: true, attributes: true });
        }"""
    )

    crowd.said["processes"][7] = a_process(7, cpu=77.0)

    expect(crowd.get_by_role("row").filter(has_text="worker-007")).to_contain_text("77.0 %")
    changed = crowd.evaluate("[...touched]")
    # Clocks tick meanwhile in those that are seen.
    assert "worker-007" in changed
    assert len(changed) < COUNT / 4


def test_curves_are_drawn_when_one_comes_to_them(crowd):
    far = crowd.get_by_role("row").filter(has_text="worker-400").locator("path.line").first
    assert far.get_attribute("d") is None

    far.scroll_into_view_if_needed()

    expect(far).to_have_attribute("d", re.compile("^M"))


def test_a_search_among_many_leaves_what_matches(crowd):
    crowd.get_by_role("searchbox", name="Search processes").fill("worker-49")

    expect(crowd.get_by_role("row")).to_have_count(11)


def test_a_limit_on_requests_slows_it_down_and_is_told(page):
    page.clock.set_fixed_time(datetime.now(UTC))  # or the seconds are counted down
    page.context.route_web_socket("**/ws", lambda socket: socket.close())
    refusal = {"error": {"code": "RATE_LIMITED", "message": "too many requests"}}
    page.route(
        "**/api/processes",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "40"}, json=refusal),
    )
    page.reload()

    expect(page.get_by_text("Slowed down", exact=True)).to_be_visible()
    expect(page.get_by_text("Too many requests.")).to_contain_text("Trying again in 40 s.")
