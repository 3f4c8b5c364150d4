import tempfile
import time
from pathlib import Path

from bench.figures import Figure
from bench.managers import App, Pair
from bench.system import cpu_seconds

PROJECTS = 20
MODULES, FILES_OF_A_MODULE = 250, 24
SETTLING = 5.0
DURATION = 60.0


def measure(pair: Pair, effort: float) -> list[Figure]:
    """Processor time of the manager while 20 Node projects of 6,000 files are watched."""
    with tempfile.TemporaryDirectory(prefix="watched-") as folder:
        apps = [_project(Path(folder, f"project-{number}")) for number in range(PROJECTS)]
        for manager in pair:
            manager.start(apps)
        time.sleep(SETTLING)
        began = time.monotonic()
        before = [cpu_seconds(manager.daemon()) for manager in pair]
        time.sleep(DURATION * effort)
        after = [cpu_seconds(manager.daemon()) for manager in pair]
        lasted = time.monotonic() - began
        for manager in pair:
            manager.run("delete", "all")
    ours, theirs = ((end - start) / lasted * 100 for start, end in zip(before, after, strict=True))
    what = f"idle CPU with {PROJECTS} watched projects"
    return [Figure(what, "% of a core", [ours], [theirs], limit=0.2)]


def _project(root: Path) -> App:
    """Make a project as npm leaves it: some 40 folders of one's own, and node_modules."""
    for module in range(MODULES):
        folder = root / "node_modules" / f"module-{module}" / "lib"
        folder.mkdir(parents=True)
        for number in range(FILES_OF_A_MODULE):
            (folder / f"{number}.js").touch()
    for number in range(40):
        folder = root / "src" / f"part-{number}"
        folder.mkdir(parents=True)
        (folder / "index.js").touch()
    (root / "server.js").write_text("setInterval(() => {}, 3600000);\n")
    return {"name": root.name, "script": "server.js", "cwd": str(root), "watch": True}
