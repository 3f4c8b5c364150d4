import pytest
from textual.app import App

from pmdaemon.cli.monit.dialogs import Help, Question
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("key", "answer"),
    [("y", True), ("enter", True), ("n", False), ("escape", False), ("q", False)],
)
async def test_a_question_is_answered_by_a_key(key, answer):
    answers = []
    app = App()
    async with app.run_test() as pilot:
        app.push_screen(Question("Stop [all]?"), answers.append)
        await pilot.pause()

        await pilot.press("x", key)
        await eventually(lambda: answers)

    assert answers == [answer]


@pytest.mark.parametrize("key", ["escape", "q", "enter", "question_mark"])
async def test_the_keys_go_away_by_a_key(key):
    app = App()
    async with app.run_test() as pilot:
        app.push_screen(Help([("r", "restart")]))
        await pilot.pause()

        await pilot.press(key)

        await eventually(lambda: not isinstance(app.screen, Help))
