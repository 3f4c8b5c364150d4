from pmdaemon.core.releases import Listing, Program, ProgramKind, ReleasePlan


def test_a_listing_says_what_is_there():
    listing = Listing(frozenset({"app.py", "public/"}), {"app.py": "print()"})

    assert listing.has("nothing", "app.py")
    assert not listing.has("nothing")
    assert listing.first("main.py", "app.py") == "app.py"
    assert listing.first("main.py") is None
    assert (listing.text("app.py"), listing.text("main.py")) == ("print()", "")


def test_a_plan_knows_what_answers_requests():
    worker = Program(kind=ProgramKind.WORKER, name="worker", command="work")
    web = Program(kind=ProgramKind.WEB, name="web", command="serve")

    assert ReleasePlan(runtime="node", programs=(worker, web)).web == web
    assert ReleasePlan(runtime="node", programs=(worker,)).web is None
