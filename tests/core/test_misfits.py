from typing import Annotated, Literal

import msgspec
import pytest

from pmdaemon.core.misfits import misfit, no_json


class Bounds(msgspec.Struct, forbid_unknown_fields=True):
    most: Annotated[int, msgspec.Meta(ge=0)] = 0


class Point(msgspec.Struct):
    x: float | None = None
    y: int | str | list[int] | None = None
    raw: bytes | None = None


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    port: int | float | str | None = None
    kind: Literal["out", "err"] = "out"
    bounds: Bounds | None = None
    words: list[str] = []
    figures: dict[str, int] = {}


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ([], "it must be an object, not a list"),
        ("x", "it must be an object, not text"),
        ({}, "it lacks the field name"),
        ({"name": 1}, "name must be text, not a whole number"),
        ({"name": None}, "name must be text, not null"),
        ({"name": "a", "port": True}, "port must be a number or text, not true or false"),
        ({"name": "a", "port": {}}, "port must be a number or text, not an object"),
        ({"name": "a", "kind": "both"}, "kind cannot be both"),
        ({"name": "a", "prot": 1}, "it may have no field prot"),
        ({"name": "a", "bounds": {"most": -1}}, "bounds.most must be a whole number >= 0"),
        ({"name": "a", "bounds": {"mots": 1}}, "bounds may have no field mots"),
        ({"name": "a", "words": ["a", 2.5]}, "words[1] must be text, not a number"),
        ({"name": "a", "figures": {"k": "v"}}, "figures[...] must be a whole number, not text"),
        ({"name": "a", "\x1b[2J`": 1}, r"it may have no field \x1b[2J`"),
    ],
)
def test_what_does_not_fit_is_said_in_words_of_json(sent, sentence):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(sent, Sent)

    assert misfit(caught.value) == sentence


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"x": "a"}, "x must be a number, not text"),
        ({"y": 1.5}, "y must be a whole number, text or a list, not a number"),
        ({"raw": 1}, "raw must be bytes, not a whole number"),
    ],
)
def test_of_several_kinds_those_are_told_that_somebody_would_send(sent, sentence):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(sent, Point)

    assert misfit(caught.value) == sentence


def test_what_nobody_has_foreseen_is_repeated_in_small_letters():
    assert misfit(msgspec.ValidationError("Number out of range")) == "it: number out of range"


def test_a_field_of_any_length_is_shortened():
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"name": "a", "x" * 10_000: 1}, Sent)

    assert len(misfit(caught.value)) < 120


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"{bad", "object keys must be strings (byte 1)"),
        (b'{"a":', "it ends too soon"),
        (b'{"a":"\xff"}', "it is not UTF-8"),
        (b"[" * 5000, "it is nested too deeply"),
        (b"[1,]", "trailing comma in array (byte 3)"),
    ],
)
def test_what_is_no_json_is_said_to_be_none_and_why(sent, sentence):
    with pytest.raises((msgspec.DecodeError, UnicodeError, RecursionError)) as caught:
        msgspec.json.decode(sent)

    assert no_json(caught.value) == sentence
