"""What stands over the screen for a moment: a question, and the keys."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

_CSS = """
{name} {{ align: center middle; background: $background 60%; }}
{name} > Vertical {{
    width: auto; height: auto; max-width: 90%; max-height: 90%;
    padding: 1 2; border: round $accent; background: $surface;
}}
{name} Static {{ width: auto; }}
"""


class Question(ModalScreen[bool]):
    """Asks before something is done to programs."""

    DEFAULT_CSS = _CSS.format(name="Question")
    BINDINGS: ClassVar[list[BindingType]] = [
        ("y,enter", "answer(True)", "Yes"),
        ("n,escape,q", "answer(False)", "No"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical():
            text = Text(self._question, "bold")
            yield Static(text.append("\n\ny or Enter: yes    n or Esc: no", "not bold dim"))

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - textual calls it so
        """Go, with the answer."""
        self.dismiss(answer)


class Help(ModalScreen[None]):
    """Lists the keys."""

    DEFAULT_CSS = _CSS.format(name="Help")
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,question_mark,enter", "dismiss", "Close")]

    def __init__(self, keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Lay it out."""
        text = Text("Keys\n\n", "bold")
        for key, what in self._keys:
            text.append(f"{key:<12}", "bold cyan").append(f"{what}\n", "not bold")
        with Vertical():
            yield Static(text.append("\nEsc closes this", "not bold dim"))
