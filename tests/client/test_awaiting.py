import inspect

from pmdaemon.client.awaiting import awaited


class Asker:
    """Asks nobody, and remembers what for."""

    def __init__(self):
        self.asked = []

    def _do(self, call):
        self.asked.append(call)
        return call.upper()

    def verb(self, name: str, *, loud: bool = False) -> str:
        """Ask for something."""
        return self._do(f"{name} {loud}")


class AsyncAsker(Asker):
    async def _do(self, call):
        return super()._do(call)

    verb = awaited(Asker.verb)


async def test_a_verb_asks_the_same_and_its_result_is_awaited():
    asker = AsyncAsker()

    assert await asker.verb("web", loud=True) == "WEB TRUE"
    assert asker.asked == ["web True"]


def test_nothing_is_asked_before_it_is_awaited():
    asker = AsyncAsker()

    asker.verb("web").close()

    assert asker.asked == []


def test_a_verb_keeps_its_name_its_arguments_and_what_is_said_about_it():
    assert AsyncAsker.verb.__name__ == "verb"
    assert AsyncAsker.verb.__doc__ == "Ask for something."
    assert inspect.signature(AsyncAsker.verb) == inspect.signature(Asker.verb)
    assert inspect.iscoroutinefunction(AsyncAsker.verb)
