import pytest

from pmdaemon.core.errors import InvalidInput
from pmdaemon.engine.interfaces import CertificateFiles
from tests.server.test_gateway_verbs import Scene
from tests.support.control import controlled
from tests.support.engine import settle

ACME = {"directory": "https://ca.test/dir", "contact": ["me@example.com"]}
PORTS = {"http_port": 80, "https_port": 443}


@pytest.fixture
async def scene(tmp_path):
    async with controlled(tmp_path, Scene) as scene:
        yield scene


async def listed(scene):
    return {
        one["host"]: (one["source"], one["note"])
        for one in (await scene.result("certificates"))["certificates"]
    }


async def test_without_https_there_are_none(scene):
    assert await scene.result("certificates") == {"acme": None, "certificates": []}
    await scene.result("gateway_on")
    assert await scene.result("certificates") == {"acme": None, "certificates": []}


async def test_names_that_are_routed_are_signed_for_as_soon_as_somebody_does(scene):
    await scene.result("gateway_on", **PORTS)
    await scene.result("service", targets=["127.0.0.1:1"], routes=["a.test", "*.b.test"], name="a")
    assert await listed(scene) == dict.fromkeys(
        ("a.test", "*.b.test", "a.localhost"), ("none", "nobody signs for it")
    )

    await scene.result("gateway_on", acme=ACME)
    await settle()
    assert (await scene.result("certificates"))["acme"] == ACME["directory"]
    assert (await listed(scene))["a.test"] == ("acme", "")

    await scene.result("gateway_on", acme=None)
    await scene.result("service", targets=["127.0.0.1:1"], routes=["c.test"], name="c")
    await settle()
    assert (await listed(scene))["c.test"] == ("none", "nobody signs for it")


async def test_a_host_with_files_of_its_own_is_not_signed_for_by_others(scene):
    await scene.result("gateway_on", **PORTS, acme=ACME, certificates=[("*.a.test", "/c", "/k")])
    await scene.result("service", targets=["127.0.0.1:1"], routes=["b.a.test"], name="b")
    await settle()

    assert scene.parts.certificates.orders == []
    assert (await listed(scene))["*.a.test"] == ("file", "")


async def test_files_for_another_host_are_added_and_can_be_removed(scene):
    await scene.result("gateway_on", **PORTS, certificates=[("a.test", "/c", "/k")])
    await scene.result("gateway_on", certificates=[("B.test", "/c", "/k")])
    await scene.result("gateway_on", certificates=[("a.test", "/c2", "/k2")])
    assert scene.parts.engine.gateway.settings.certificates == (
        CertificateFiles("a.test", "/c2", "/k2"),
        CertificateFiles("b.test", "/c", "/k"),
    )

    await scene.result("certificate_remove", host="a.test")

    assert list(await listed(scene)) == ["b.test"]
    assert await scene.code("certificate_remove", host="a.test") == "certificate_not_found"


async def test_what_was_signed_can_be_removed(scene):
    await scene.result("gateway_on", **PORTS, acme=ACME)
    await scene.result("service", targets=["127.0.0.1:1"], routes=["a.test"], name="a")
    await settle()

    await scene.result("certificate_remove", host="a.test")
    await settle()

    assert [host for host, _ in scene.parts.certificates.orders] == ["a.test"] * 2


async def test_files_that_cannot_be_used_are_refused(scene):
    scene.parts.certificates.unusable = InvalidInput("no", code="certificate_expired")

    code = await scene.code("gateway_on", **PORTS, certificates=[("a.test", "/c", "/k")])

    assert code == "certificate_expired"
    assert scene.parts.engine.gateway.settings is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"acme": ACME}, "ports_needed"),
        ({"acme": ACME, "https_port": 443, "http_port": -1}, "ports_needed"),
        ({**PORTS, "acme": {"directory": "ca.test"}}, "invalid_directory"),
        ({**PORTS, "acme": {"directory": "http://ca.test/"}}, "invalid_directory"),
        ({**PORTS, "acme": {"directory": "https://[/"}}, "invalid_directory"),
        ({**PORTS, "acme": {**ACME, "contact": ["me"]}}, "invalid_contact"),
        ({**PORTS, "acme": {**ACME, "contact": ["a@b c"]}}, "invalid_contact"),
    ],
)
async def test_what_cannot_be_is_refused(scene, body, code):
    assert await scene.code("gateway_on", **body) == code
