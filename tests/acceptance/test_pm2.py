"""Under the name of PM2: a shell script that was written for it runs as with PM2 itself."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.machine import needs
from tests.support.running import end_all, running_for
from tests.support.waiting import eventually_sync

ROOT = Path(__file__).parents[2]
REAL_PM2 = os.environ.get("PM2_TO_COMPARE") or shutil.which("pm2")

SCRIPT = r"""#!/bin/sh
# Deploys an app as such scripts do, and prints what it sees, without what differs from run to run.
set -eu
status() { pm2 jlist | node -pe "
  const l = JSON.parse(require('fs').readFileSync(0));
  l.map(p => [p.name, p.pm_id, p.pm2_env.status, p.pm2_env.restart_time].join(' ')).join('\n')"; }

pm2 ping
pm2 start app.js --name web --max-memory-restart 300M -- --port 0 | grep 'PM2'
pm2 start worker.sh -i 2 | grep -c '│ worker'
pm2 describe web > /dev/null && echo "web is there"
pm2 describe nothing > /dev/null 2>&1 || echo "nothing is not there: $?"
status
log="$PM2_HOME/logs/web-out.log"
# Else its first run may be over before it has said anything.
until grep -qs ready "$log"; do sleep 0.1; done
test "$(pm2 pid web)" = "$(cat "$PM2_HOME/pids/web-0.pid")" && echo "the pid file is right"
kill -0 "$(cat "$PM2_HOME/pm2.pid")" && echo "the daemon runs"
pm2 restart web --update-env | grep 'PM2'
pm2 stop worker > /dev/null
status
pm2 id worker
pm2 scale worker 3 | grep 'PM2'
pm2 restart nothing 2>&1 | grep ERROR || true
pm2 start apps.json --only cron | grep -e WARN -e launched
pm2 startOrRestart apps.json --only cron | grep 'PM2'
pm2 set app:key value > /dev/null
pm2 get app:key
node -pe 'JSON.stringify(require(process.env.PM2_HOME + "/module_conf.json").app)'
pm2 save
cp "$PM2_HOME/dump.pm2" "$PM2_HOME/dump.pm2.json"
node -pe 'require(process.env.PM2_HOME + "/dump.pm2.json").map(p => p.name).join()'
# Once for each of its runs; what came later would stand there after the flush.
until [ "$(grep -c ready "$log")" -ge 2 ]; do sleep 0.1; done
echo "the output is there"
pm2 flush web | grep flushed
wc -c < "$PM2_HOME/logs/web-out.log" | tr -d ' '
pm2 delete all > /dev/null
pm2 jlist; echo
pm2 resurrect | grep -c restored
pm2 delete web | grep 'PM2'
pm2 kill | tail -2
pm2 kill > /dev/null 2>&1; echo "kill again: $?"
"""


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "app.js").write_text("console.log('ready'); setInterval(() => {}, 1000)\n")
    (folder / "worker.sh").write_text("while true; do sleep 1; done\n")
    # An expression of JavaScript, as PM2 takes it.
    (folder / "apps.json").write_text(
        "{ apps: [{ name: 'cron', script: 'worker.sh', env: { N: 1 + 1 } }] } // apps\n"
    )
    (folder / "deploy.sh").write_text(SCRIPT)
    return folder


def run_script(work, bin_folder, home):
    environment = {name: value for name, value in os.environ.items() if "PM" not in name}
    done = subprocess.run(
        ["/bin/sh", "deploy.sh"],
        cwd=work,
        env={
            **environment,
            "PATH": f"{bin_folder}{os.pathsep}{environment['PATH']}",
            "PM2_HOME": str(home),
            "PM2_DISCRETE_MODE": "1",
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, _without_places(done.stdout, work, home), done.stderr


def _without_places(text, work, home):
    import re

    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return text.replace(str(work), "WORK").replace(str(home), "HOME")


EXPECTED = """\
{ msg: 'pong' }
[PM2] Starting WORK/app.js in fork_mode (1 instance)
[PM2] Done.
2
web is there
nothing is not there: 1
web 0 online 0
worker 1 online 0
worker 2 online 0
the pid file is right
the daemon runs
[PM2] Applying action restartProcessId on app [web](ids: [ 0 ])
[PM2] [web](0) ✓
web 0 online 1
worker 1 stopped 0
worker 2 stopped 0
[ 1, 2 ]
[PM2] Scaling up application
[PM2][ERROR] Process or Namespace nothing not found
[PM2][WARN] Applications cron not running, starting...
[PM2] App [cron] launched (1 instances)
[PM2] Applying action restartProcessId on app [cron](ids: [ 4 ])
[PM2] [cron](4) ✓
Value for module app key key: value
{"key":"value"}
[PM2] Saving current process list...
[PM2] Successfully saved in HOME/dump.pm2
web,worker,worker,worker,cron
the output is there
[PM2] Logs flushed
0
[]
5
[PM2] Applying action deleteProcessId on app [web](ids: [ 0 ])
[PM2] [web](0) ✓
[PM2] [v] All Applications Stopped
[PM2] [v] PM2 Daemon Stopped
kill again: 0
"""


@needs("node")
def test_a_shell_script_for_pm2_runs_unchanged(work, tmp_path):
    folder, home = tmp_path / "bin", tmp_path / "home"
    folder.mkdir()
    made = [sys.executable, "-m", "pmdaemon", "pm2", "--install-link", str(folder)]
    subprocess.run(made, check=True, cwd=ROOT, capture_output=True)

    try:
        status, out, err = run_script(work, folder, home)
        eventually_sync(lambda: not running_for(home / "pmdaemon"))
    finally:
        end_all(home / "pmdaemon")

    assert (status, err) == (0, "")
    assert out == EXPECTED


@pytest.mark.skipif(REAL_PM2 is None, reason="there is no PM2 to compare with")
def test_pm2_itself_prints_the_same(work, tmp_path):
    home = tmp_path / "home"

    status, out, _ = run_script(work, Path(str(REAL_PM2)).parent, home)

    assert status == 0
    assert out == EXPECTED


def test_what_is_in_the_way_is_left_alone(tmp_path):
    (tmp_path / "pm2").write_text("mine")
    made = [sys.executable, "-m", "pmdaemon", "pm2", "--install-link", str(tmp_path)]

    refused = subprocess.run(made, check=False, cwd=ROOT, capture_output=True, text=True)

    assert refused.returncode != 0
    assert refused.stderr.count("\n") == 1
    assert (tmp_path / "pm2").read_text() == "mine"
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == '["pm2"]'
