import os
import subprocess

from pmdaemon import __version__
from pmdaemon.config.own_modules import running


def test_a_module_of_ours_is_found_wherever_it_is_run(tmp_path):
    app = running("pmdaemon", ["--version"], {"A": "b"})

    done = subprocess.run(
        [app["script"], *app["args"]],
        env={"PATH": os.defpath, **app["env"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert __version__ in done.stdout
    assert (app["interpreter"], app["env"]["A"]) == ("none", "b")
