from pmdaemon.engine.interfaces import GatewaySettings


async def test_a_domain_that_shows_its_proof_is_routed_and_spoken_to_by_tls(api):
    await api.parts.engine.gateway.turn_on(GatewaySettings(https_port=8443))
    claimed = (await api.ask("GET", "/domains", by="jane")).json["data"][0]
    api.parts.platform.prover.shown["shop.example.com"] = claimed["verification"]["value"]

    answer = await api.ask("POST", "/domains/{shop_domain}/verify", by="jane")

    assert (answer.json["verified"], answer.json["ssl_enabled"]) == (True, True)
    assert "verification" not in answer.json
    assert api.platform.projects.hosts(api.names["shop"]) == ["shop.example.com"]
    assert api.parts.platform.follower.verbs == ["hosts_changed"]


async def test_only_what_is_a_projects_is_listed_with_it(api):
    other = await api.ask(
        "POST", "/projects", {"name": "other", "repo_url": "https://example.com/x"}, by="jane"
    )

    answer = await api.ask("GET", f"/domains?project_id={other.json['id']}", by="jane")

    assert answer.json["data"] == []
