"""What docs/api.md says of the API is so."""

import json
import re
from pathlib import Path

from pmdaemon.core.access import GRANTABLE
from pmdaemon.core.events import EventKind
from pmdaemon.server.http import refusals
from pmdaemon.server.http.app import access_table
from pmdaemon.server.http.native.frames import FrameType
from pmdaemon.server.http.native.handlers import DEFAULT_LINES, MOST_LINES
from pmdaemon.server.http.native.routes import NATIVE
from pmdaemon.server.http.native.views import STATUS_WORDS
from pmdaemon.server.http.refusals import Refusal

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def rows(pattern):
    return set(re.findall(pattern, TEXT, re.MULTILINE))


def test_all_endpoints_are_described_and_no_others():
    described = rows(r"^\| `([A-Z]+) (\S+)` \|")

    assert described == {(one.method, one.path) for one in NATIVE.endpoints}


def test_all_refusals_are_described():
    described = rows(r"^\| (\d+) \| `([A-Z_]+)` \|")

    kinds = [kind for kind in vars(refusals).values() if isinstance(kind, type)]
    assert described >= {
        (str(kind.status), kind.code.upper()) for kind in kinds if issubclass(kind, Refusal)
    }


def test_all_statuses_are_described():
    assert all(f"`{word}`" in TEXT for word in STATUS_WORDS.values())


def test_the_numbers_of_lines_are_right():
    assert f"`?lines=` ({DEFAULT_LINES}, at most {MOST_LINES})" in TEXT


def test_the_examples_are_json():
    examples = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)

    assert examples
    assert all(json.loads(example) for example in examples)


def test_all_types_of_message_and_all_events_are_described():
    words = {*FrameType, *EventKind}

    assert {word for word in words if f"`{word}`" not in TEXT} == set()


SECURITY = (Path(__file__).parents[3] / "docs" / "security.md").read_text(encoding="utf-8")


def test_what_each_endpoint_needs_is_told():
    told = set(re.findall(r"^\| `([A-Z]+) (\S+)` \| `([a-z]+)` \|", SECURITY, re.MULTILINE))

    table = {key: scope for key, scope in access_table().items() if key[0] != "HEAD"}
    assert told == {(method, path, str(scope)) for (method, path), scope in table.items()}


def test_all_scopes_are_told():
    assert all(f"| `{scope}`" in SECURITY for scope in GRANTABLE)
