import pytest
from textual.app import App

from pmdaemon.cli.monit.details import Details
from tests.support.views import a_view
from tests.support.waiting import eventually


async def facts(view, cpu=(), memory=(), *, metrics=None, rows=24, unicode=True):
    class Alone(App):
        def compose(self):
            yield Details(unicode=unicode)

    app = Alone()
    async with app.run_test(size=(40, rows)) as pilot:
        await pilot.pause()
        app.query_one(Details).show(view, cpu, memory, metrics or {})
        await pilot.pause()

        def drawn():
            strips = app.screen._compositor.render_strips(app.size)
            text = "\n".join(strip.text for strip in strips)
            return text if view is None or "status" in text else ""

        return await eventually(drawn)


async def test_the_curves_and_the_facts_are_shown():
    text = await facts(a_view("web", tcp_port=3000, restarts=7), [10.0, 100.0], [2**20, 2**21])

    for expected in (
        "─ web ",
        "cpu     1.2%",
        "█",
        "memory  45.2 MB",
        "restarts  7",
        "port      3000",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("ended", "worded"),
    [
        ({"code": 3, "signal": None}, "exit code 3"),
        ({"code": None, "signal": 9}, "SIGKILL"),
        ({"code": None, "signal": 99}, "signal 99"),
        ({"code": None, "signal": None}, "nobody saw it"),
    ],
)
async def test_how_it_ended_is_told(ended, worded):
    assert f"last end  {worded}" in await facts(a_view(last_exit=ended))


async def test_what_is_down_has_no_figures():
    text = await facts(a_view(pid=None, state="errored", reason="it is gone"))

    assert "cpu     -" in text
    assert "reason    it is gone" in text


async def test_brackets_in_a_name_are_no_markup():
    assert "[red]x" in await facts(a_view("[red]x"))


async def test_a_terminal_without_block_characters_has_others():
    text = await facts(a_view(), [100.0] * 5, [], unicode=False)

    assert "#####" in text
    assert "█" not in text


async def test_nothing_chosen_is_nothing_shown():
    assert "status" not in await facts(None)


async def test_what_a_program_measures_itself_is_shown():
    text = await facts(a_view(), metrics={"Jobs [all]": {"value": 3, "unit": "u"}, "odd": 1})

    assert "Jobs [all]  3 u" in text
    assert "odd  1" in text
