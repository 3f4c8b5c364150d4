"""The first ecosystem file of a folder, to be filled in."""

import json
from typing import Literal

Format = Literal["toml", "json", "yaml", "js"]

NAMES: dict[Format, str] = {
    "toml": "ecosystem.toml",
    "json": "ecosystem.json",
    "yaml": "ecosystem.yaml",
    "js": "ecosystem.config.js",
}

LIKELY = (
    "server.js", "index.js", "app.js", "main.js", "src/index.js", "app.py", "main.py", "server.py",
    "manage.py",
)  # fmt: skip
"""Files that may be the program of a folder, the likelier ones first."""


def starter(name: str, script: str, format_: Format, *, simple: bool) -> str:
    """Write an ecosystem file of one app."""
    if format_ == "json":
        app = {"name": name, "script": script} | ({} if simple else _MORE)
        return json.dumps({"apps": [app]}, indent=2, ensure_ascii=False) + "\n"
    plain, whole = _TEMPLATES[format_]
    template = plain if simple else whole
    # JSON's way to write a text is right in the other three as well.
    return template.format(
        name=json.dumps(name, ensure_ascii=False), script=json.dumps(script, ensure_ascii=False)
    )


_MORE = {
    "instances": 1,
    "autorestart": True,
    "max_memory_restart": "1G",
    "kill_timeout": "5s",
    "env": {"NODE_ENV": "development"},
    "env_production": {"NODE_ENV": "production"},
}

_TOML_SIMPLE = """\
[[apps]]
name = {name}
script = {script}
"""

_TOML = """\
# The programs to run. Check this file with `pmdaemon validate`, start them with `pmdaemon start`,
# and after a change, bring what is running in line with `pmdaemon apply`.

[[apps]]
name = {name}
# A file or a command line.
script = {script}
# args = ["--verbose"]

# How many instances: a number, or "max" for one per CPU. With `port`, each has its own PORT.
instances = 1
# port = "3000-3003"

# Restart it when it exits, or uses too much memory.
autorestart = true
max_memory_restart = "1G"
# Time to stop before it is killed.
kill_timeout = "5s"

# health_check = "http://127.0.0.1:{{port}}/health"
# watch = ["src"]
# cron_restart = "0 3 * * *"
# env_file = ".env"

[apps.env]
NODE_ENV = "development"

# Added with `--env production`.
[apps.env_production]
NODE_ENV = "production"
"""

_YAML_SIMPLE = """\
apps:
  - name: {name}
    script: {script}
"""

_YAML = """\
# The programs to run. Check this file with `pmdaemon validate`, start them with `pmdaemon start`,
# and after a change, bring what is running in line with `pmdaemon apply`.
apps:
  - name: {name}
    # A file or a command line.
    script: {script}
    # How many instances: a number, or max for one per CPU. With `port`, each has its own PORT.
    instances: 1
    # port: 3000-3003
    # Restart it when it exits, or uses too much memory.
    autorestart: true
    max_memory_restart: 1G
    # Time to stop before it is killed.
    kill_timeout: 5s
    # health_check: http://127.0.0.1:{{port}}/health
    # watch: [src]
    # cron_restart: 0 3 * * *
    # env_file: .env
    env:
      NODE_ENV: development
    # Added with `--env production`.
    env_production:
      NODE_ENV: production
"""

_JS_SIMPLE = """\
module.exports = {{
  apps: [{{
    name: {name},
    script: {script},
  }}],
}}
"""

_JS = """\
// The programs to run. Check this file with `pmdaemon validate`, start them with
// `pmdaemon start`, and after a change, bring what is running in line with `pmdaemon apply`.
module.exports = {{
  apps: [{{
    name: {name},
    // A file or a command line.
    script: {script},
    // How many instances: a number, or 'max' for one per CPU. With `port`, each has its own PORT.
    instances: 1,
    // port: '3000-3003',
    // Restart it when it exits, or uses too much memory.
    autorestart: true,
    max_memory_restart: '1G',
    // Time to stop before it is killed.
    kill_timeout: '5s',
    // health_check: 'http://127.0.0.1:{{port}}/health',
    // watch: ['src'],
    // cron_restart: '0 3 * * *',
    // env_file: '.env',
    env: {{ NODE_ENV: 'development' }},
    // Added with `--env production`.
    env_production: {{ NODE_ENV: 'production' }},
  }}],
}}
"""

_TEMPLATES: dict[Format, tuple[str, str]] = {
    "toml": (_TOML_SIMPLE, _TOML),
    "yaml": (_YAML_SIMPLE, _YAML),
    "js": (_JS_SIMPLE, _JS),
}
