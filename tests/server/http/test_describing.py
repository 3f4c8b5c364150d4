from typing import TypedDict

import pytest

from pmdaemon.core.access import Scope
from pmdaemon.server.http.describing import (
    EVERYWHERE,
    Api,
    Operation,
    Parameter,
    cursor_parameters,
    described,
)
from pmdaemon.server.http.dialect import Endpoint


class Thing(TypedDict):
    """A thing."""

    name: str


class Failure(TypedDict):
    """What went wrong."""

    error: str


async def handler(engine, request):
    raise NotImplementedError


ENDPOINTS = [
    Endpoint("GET", "/things/{id}", Scope.READ, handler),
    Endpoint("POST", "/things", Scope.PUBLIC, handler),
]

API = Api(
    title="things",
    summary="Has things.",
    operations={
        ("GET", "/things/{id}"): Operation(
            "Shows one.", Thing, parameters=cursor_parameters("^a$")
        ),
        ("POST", "/things"): Operation(
            "Makes one.",
            status=201,
            body=Thing,
            body_needed=True,
            parameters=(Parameter("of", {"type": "array"}, "what"),),
            refused=(426,),
            headers={"Location": {"type": "string"}},
        ),
    },
    failure=Failure,
    refusals={400: "No.", 404: "None.", 426: "Other."},
    about_one=(404,),
    path_parameters={"id": "which"},
    more={"Numbers": list[int]},
    servers=("/", "/below"),
)


@pytest.fixture
def document():
    return described(API, ENDPOINTS, "1.0")


def test_an_operation_tells_what_it_takes_and_what_it_answers(document):
    one = document["paths"]["/things/{id}"]["get"]

    assert [(p["name"], p["in"], p["required"]) for p in one["parameters"]] == [
        ("id", "path", True),
        ("cursor", "query", False),
        ("Last-Event-ID", "header", False),
    ]
    assert set(one["responses"]) == {"200", "404", *map(str, EVERYWHERE)}
    content = one["responses"]["200"]["content"]["application/json"]
    assert content == {"schema": {"$ref": "#/components/schemas/Thing"}}
    assert one["x-scope"] == "read"


def test_bodies_headers_lists_and_what_is_public_are_told(document):
    one = document["paths"]["/things"]["post"]

    assert one["requestBody"]["required"]
    assert one["responses"]["201"]["headers"] == {"Location": {"schema": {"type": "string"}}}
    assert set(one["responses"]) == {"201", "426", *map(str, EVERYWHERE)}
    assert one["parameters"][0]["explode"] is False
    assert {} in one["security"]


def test_types_that_nothing_refers_to_and_servers_are_there(document):
    assert document["components"]["schemas"]["Numbers"]["type"] == "array"
    assert [one["url"] for one in document["servers"]] == ["/", "/below"]
    refusal = document["components"]["responses"]["404"]
    assert document["components"]["responses"]["400"]["description"] == "No."
    assert refusal["content"]["application/json"]["schema"]["$ref"].endswith("/Failure")
