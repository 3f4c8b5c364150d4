"""The screen of `monit`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.widgets import DataTable, Footer, Input, Static

from pmdaemon.cli.actions import called
from pmdaemon.cli.monit.details import Details
from pmdaemon.cli.monit.dialogs import Help, Question
from pmdaemon.cli.monit.logs import LogPane
from pmdaemon.cli.monit.processes import WIDE, ProcessTable
from pmdaemon.cli.monit.samples import Samples
from pmdaemon.cli.render.text import harmless
from pmdaemon.client.asynchronous import AsyncClient
from pmdaemon.client.calls import Processes
from pmdaemon.control.messages.daemon import HostResult
from pmdaemon.control.messages.processes import ProcessView
from pmdaemon.core.errors import DaemonUnavailable, PmdaemonError, ProcessNotFound
from pmdaemon.core.quantities import format_size

INTERVAL = 1.0
"""Seconds between two readings of cpu and memory."""

RETRY_DELAY = 0.25
"""Seconds between two looks for a daemon that went away."""

SOON = 0.05
"""Seconds that changes are gathered before the list is read again: they come in crowds."""

ROOM_FOR_DETAILS = 70
"""Columns of a terminal from which on there is room beside the output."""

Action = Callable[[str | int], Awaitable[Processes]]


_DONE = {"restart": "restarted", "reload": "reloaded", "stop": "stopped", "start": "started"}


class Monitor(App[None]):
    """Shows what runs; keys act on the chosen process."""

    TITLE = "pmdaemon"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head { height: 1; background: $primary-background; padding: 0 1; }
    #head.away { background: $error; color: $text; text-style: bold; }
    #filter { display: none; height: 3; }
    #filter.open { display: block; }
    #lower { height: 1fr; min-height: 4; }
    .narrow Details { display: none; }
    .wide Details { width: 44; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "act('restart')", "Restart"),
        Binding("s", "act('stop')", "Stop"),
        Binding("R", "act('reload')", "Reload"),
        Binding("S", "act('start')", "Start", show=False),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("tab", "focus_next", "Scroll output", show=False),
        Binding("escape", "show_all", "Show all", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q,ctrl+c", "quit", "Quit"),
    ]

    def __init__(self, client: AsyncClient, *, unicode: bool = True) -> None:
        super().__init__()
        self._client = client
        self._samples = Samples()
        self._views: Processes = []
        self._host: HostResult | None = None
        self._reported: Mapping[int, Mapping[str, object]] = {}
        self._wanted = ""
        self._changed = asyncio.Event()
        self._head = Static(id="head", markup=False)
        self._table = ProcessTable()
        self._logs = LogPane()
        self._details = Details(unicode=unicode)
        self._filter = Input(placeholder="part of a name or namespace", id="filter")

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self._head
        yield self._table
        with Horizontal(id="lower"):
            yield self._logs
            yield self._details
        yield self._filter
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to look."""
        self._table.focus()
        self._look()
        self._follow_changes()

    def on_resize(self, event: Resize) -> None:
        """Use what room there is."""
        self.screen_stack[0].set_class(event.size.width < ROOM_FOR_DETAILS, "narrow")
        self.screen_stack[0].set_class(event.size.width >= WIDE, "wide")
        self.call_after_refresh(self._draw)

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        """Show what is chosen now."""
        self._draw_chosen()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the processes that are looked for."""
        self._wanted = event.value.strip().lower()
        self._draw()

    def on_input_submitted(self, _: Input.Submitted) -> None:
        """Go back to the table, with the filter as it is."""
        self._table.focus()

    def action_filter(self) -> None:
        """Ask for what to look for."""
        self._filter.add_class("open")
        self._filter.focus()

    def action_show_all(self) -> None:
        """Show all again."""
        self._filter.value = ""
        self._filter.remove_class("open")
        self._table.focus()

    def action_help(self) -> None:
        """Tell the keys."""
        self.push_screen(
            Help(
                [
                    ("Up, Down", "choose a process"),
                    ("r", "restart it"),
                    ("R", "reload it, one instance after the other"),
                    ("s", "stop it"),
                    ("S", "start it"),
                    ("/", "show only what has this in its name or namespace"),
                    ("Esc", "show all again"),
                    ("Tab", "scroll the output, by arrows, Page Up, Home and End"),
                    ("q, Ctrl-C", "leave; programs run on"),
                ]
            )
        )

    def action_act(self, verb: str) -> None:
        """Do something to the chosen process, when it is really meant."""
        if (view := self._table.chosen) is None:
            return
        actions: dict[str, Action] = {
            "restart": self._client.restart,
            "reload": self._client.reload,
            "stop": self._client.stop,
            "start": lambda pm_id: self._client.start(str(pm_id)),
        }
        answered = partial(self._answered, view, verb, actions[verb])
        question = f"{verb.capitalize()} {called(view)}?"
        self.push_screen(Question(question), answered)

    def _answered(
        self,
        view: ProcessView,
        verb: str,
        action: Action,
        yes: bool | None,  # noqa: FBT001 - textual calls it so
    ) -> None:
        if yes:
            self._do(view, verb, action)

    @work(group="acts")
    async def _do(self, view: ProcessView, verb: str, action: Action) -> None:
        try:
            await action(view["pm_id"])
        except PmdaemonError as error:
            self.notify(error.message, severity="error", markup=False)
        else:
            self.notify(f"{_DONE[verb]} {called(view)}", markup=False)
        self._changed.set()

    @work(group="look")
    async def _look(self) -> None:
        """Read the list each second, and at once when something changed."""
        while True:
            try:
                self._views = await self._client.list()
                self._host = await self._host_or_none()
                self._reported = await self._reported_by_chosen()
            except PmdaemonError as error:
                self._say_away(error.message)
                await asyncio.sleep(RETRY_DELAY)
                continue
            self._samples.add(self._views)
            self._draw()
            try:
                async with asyncio.timeout(INTERVAL):
                    await self._changed.wait()
                await asyncio.sleep(SOON)
            except TimeoutError:
                pass
            self._changed.clear()

    async def _host_or_none(self) -> HostResult | None:
        try:
            return await self._client.host()
        except DaemonUnavailable:
            raise
        except PmdaemonError:  # a daemon of an older version
            return None

    async def _reported_by_chosen(self) -> dict[int, Mapping[str, object]]:
        """Ask what PM2's agent in the chosen program measures, if there is one."""
        if (chosen := self._table.chosen) is None:
            return {}
        try:
            views = await self._client.list(chosen["pm_id"], detail=True)
        except ProcessNotFound:
            return {}
        return {
            view["pm_id"]: agent["monitor"]
            for view in views
            if (agent := view.get("agent")) is not None
        }

    @work(group="follow")
    async def _follow_changes(self) -> None:
        """Hear of changes, so that nobody waits a second for what happened just now."""
        while True:
            try:
                async with aclosing(self._client.follow("all")) as items:
                    async for item in items:
                        if "state" in item:
                            self._changed.set()
            except PmdaemonError:
                pass  # the head says so already
            await asyncio.sleep(RETRY_DELAY)

    def _draw(self) -> None:
        wanted = [view for view in self._views if self._matches(view)]
        self._table.show(wanted)
        self._head.remove_class("away")
        self._head.update(self._summary(len(wanted)))
        self._draw_chosen()

    def _draw_chosen(self) -> None:
        view = self._table.chosen
        self._logs.show(view, self._client)
        pm_id = -1 if view is None else view["pm_id"]
        self._details.show(
            view,
            self._samples.cpu(pm_id),
            self._samples.memory(pm_id),
            self._reported.get(pm_id, {}),
        )

    def _matches(self, view: ProcessView) -> bool:
        return self._wanted in f"{view['name']} {view['namespace']}".lower()

    def _summary(self, shown: int) -> Text:
        if not self._views:
            return Text("nothing to show yet: pmdaemon start COMMAND")
        total = len(self._views)
        number = f"{shown} of {total}" if shown != total else str(total)
        noun = "process" if total == 1 else "processes"
        up = sum(view["state"] == "online" for view in self._views)
        used = sum(view["memory"] for view in self._views)
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{number} {noun}: ", "bold").append(f"{up} online", "bold green")
        if ill := sum(view["state"] in {"errored", "backoff"} for view in self._views):
            text.append(f", {ill} in trouble", "bold red")
        text.append(f" · cpu {sum(view['cpu'] for view in self._views):.1f}%")
        text.append(f" · {format_size(used)}")
        if self._host is not None:
            memory = self._host["memory"]
            share = 100 * memory["used"] / memory["total"] if memory["total"] else 0.0
            host = f" │ host cpu {self._host['cpu']:.0f}% mem {share:.0f}%"
            # Half a figure would be misread.
            if len(text) + len(host) <= self.size.width - 2:
                text.append(host, "dim")
        return text

    def _say_away(self, why: str) -> None:
        self._head.add_class("away")
        text = f"waiting for the daemon: {harmless(why)}"
        self._head.update(Text(text, no_wrap=True, overflow="ellipsis"))
