import os
import shutil

import pytest

from pmdaemon.config.ecosystem import load
from pmdaemon.config.starters import NAMES, starter

NAME = 'a "b" {c} ü'
SCRIPT = "./a'b.js"


@pytest.mark.parametrize("simple", [True, False])
@pytest.mark.parametrize("format_", NAMES)
def test_a_first_file_can_be_read(tmp_path, format_, simple):
    if format_ == "js" and shutil.which("node") is None:
        pytest.skip("node is not installed")
    path = tmp_path / NAMES[format_]
    path.write_text(starter(NAME, SCRIPT, format_, simple=simple))

    [app] = load(str(path), {"PATH": os.environ["PATH"]}).apps

    assert (app["name"], app["script"]) == (NAME, SCRIPT)
    assert (app.keys() == {"name", "script"}) == simple
    if not simple:
        assert app["env_production"] == {"NODE_ENV": "production"}
