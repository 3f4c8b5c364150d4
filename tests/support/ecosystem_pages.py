"""`docs/ecosystem.md` and `docs/ecosystem.schema.json`, made of the table of fields.

To write them anew: python -m tests.support.ecosystem_pages
"""

# ruff: noqa: E501 -- the rows of a table cannot be folded

import json
from collections.abc import Sequence
from functools import reduce
from pathlib import Path

from pmdaemon.config.ecosystem_schema import ecosystem_schema
from pmdaemon.config.field_kinds import Kind
from pmdaemon.config.field_table import NOT_ACTED_ON, SECTIONS, Field
from pmdaemon.config.formats.javascript import DEADLINE
from pmdaemon.config.proxy_fields import STRATEGIES
from pmdaemon.config.table_fields import EVENTS, OVERLAPS, RESOURCES
from tests.support.builders import an_app

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "ecosystem.md"
SCHEMA = DOCS / "ecosystem.schema.json"


def _one_of(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


INTRODUCTION = f"""\
# Ecosystem files

An ecosystem file declares what should run here. `pmdaemon start`, without a name, starts everything
in it. The fields are PM2's, so PM2's files work as they are.
[ecosystem.example.toml](../ecosystem.example.toml) shows all of them in use, and `pmdaemon init`
writes a first file for you.

    [[apps]]
    name = "web"
    script = "server.js"
    instances = 2
    port = "3000-3001"

## Commands

| command | what it does |
|---|---|
| `pmdaemon init [simple]` | writes a file for you to fill in; `--format js` and others choose a different format |
| `pmdaemon validate FILE` | reports everything that is wrong with it, and starts nothing; `--strict` treats warnings as errors |
| `pmdaemon start FILE` | starts what it declares; apps that are running are restarted as they are declared now |
| `pmdaemon apply FILE` | shows how it differs from what is running, and touches only that |
| `pmdaemon stop`, `restart`, `delete FILE` | act on the apps of the file |

They all take `--only a,b` to select some of the apps, and those that read the declarations take
`--env NAME`. Without a FILE, `start`, `validate` and `apply` use the one in the current directory:
`ecosystem.config.toml`, `ecosystem.toml`, `ecosystem.config.js` (`.cjs`, `.mjs`), then the same
names in JSON and YAML, a `prox.yaml` or `pup.json`, a `package.json` that has apps, or a
`Procfile`. `-` stands for standard input.

All mistakes are reported at once, each with its place, before anything is touched. An unknown field
is a warning, with a guess at what you meant.

## Formats

* **TOML**: `*.toml`.
* **JSON**: `*.json`, `*.json5`, `*.jsonc`. Comments and trailing commas are allowed. A file that is
  really a JavaScript expression, which PM2 accepts, is evaluated by Node if it is installed.
* **YAML**: `*.yaml`, `*.yml`, following YAML 1.2: `no` and `on` are plain text, and `010` is ten.
  `<<` merges.
* **JavaScript**: `*.config.js`, `*.config.cjs`, `*.config.mjs`, evaluated by Node:
  `module.exports`, `export default` or `export const apps`, which may be a function or a promise.
  It has {DEADLINE:g} s to finish; whatever it started is then ended.
* **package.json**: whatever is under `pm2` or `apps`.
* **Procfile**: one app per line, such as `web: node server.js`.

The list of apps is `apps` (or `pm2`), or the document itself. A single app needs no list. Keys that
begin with `x-` next to it are ignored, so you can use them for anchors and the like. PM2's `static`
section lists folders to serve, each as an app of its own, and its `deploy` section is for
`pmdaemon deploy ENVIRONMENT`.

## Values

* A **duration** is `500ms`, `3s`, `1.5h` or `7d`. A plain number is in milliseconds, except in
  `health_check`, where it is in seconds.
* A **size** is `150M`, `1.5G` or `10KiB`. A plain number is in bytes.
* A **path** is relative to the app's `cwd`, which is itself relative to the folder of the file.
* Field names may also be written the JavaScript way: `maxRestarts` is `max_restarts`. Numbers and
  booleans may be text. Null counts as absent.

### Variables in text

Any text may contain shell variables (except in JavaScript, which has its own means):

| written | stands for |
|---|---|
| `${{NAME}}` | its value; an error if it is not set |
| `${{NAME:-default}}` | its value, or the default if it is not set or empty |
| `${{NAME-default}}` | its value, or the default if it is not set |
| `${{NAME:?reason}}` | its value; an error, with the reason, if it is not set or empty |
| `$${{NAME}}` | the text `${{NAME}}` |

A default may contain variables itself. A `script` that is a command line is left as it is, because
the shell that runs it expands variables with the program's own environment.

### Environment

A program's environment is made of these layers, where later ones override earlier ones: the
environment of the shell that starts it (minus `filter_env`), `PORT`, the files in `env_file`,
`env`, and, with `--env NAME`, the variables under `env_NAME`. A variable that you remove from the
file is removed from the program.

A file of variables has one `NAME=value` per line, with quotes, comments and `export` as in any
`.env`. A `$` in it is just a `$`.

## Applying changes

`pmdaemon apply` compares each app in the file with what is running: command, folder, variables,
instances, ports, policies, output. It shows what differs, with secrets masked, and then

* starts new apps;
* restarts apps that changed, if they are up (clusters are reloaded); stopped apps stay stopped,
  with their new declaration;
* adds or removes instances if only their number changed, without touching the others;
* updates policies (restarts, stopping, memory, hooks, dependencies) without touching the program;
* with `--prune`, deletes apps that once came from this file and are no longer in it.

With `--dry-run` it only shows the differences. The environment of your shell is not part of the
comparison.
"""

TABLES = f"""\
## Fields that are tables

| field | what it contains |
|---|---|
| `health_check` | `type` (`http`, `tcp`, `command`), and `url`, `port` (or `tcp`, with a host) or `command` (`script`); `interval` 30 s, `timeout` 5 s, `retries` 3, `start_period` 0 s, `restart` true, `enabled` true. `{{port}}` in a target is the instance's own port |
| `job` | `cron`; `timezone`; `overlap`: {_one_of(OVERLAPS)}; `timeout`, none by default; `keep` 50 runs |
| `proxy` | `hosts` (`host`, `domains`); `strip` false; `port`, if it is not the app's; `strategy`: {_one_of(STRATEGIES)}; `listen`, an address whose TCP connections are balanced: see [the reverse proxy](gateway.md) |
| `depends_on` | names, or a condition for each: `started`, `ready` (the default), `completed`; Compose's `service_…` conditions work as well |
| `hooks` | `events` (`on`): {_one_of(EVENTS)}; `command` or `url`; `secret`, which signs what is posted |
| `limits` | {_one_of(RESOURCES)}: a number, a size, or `unlimited` |

"""

EDITORS = """\
## Editor support

`pmdaemon validate --schema` prints a JSON Schema, which is also available
[here](ecosystem.schema.json). With it, editors complete and check the file. In JSON, add a
`$schema` next to `apps`; in YAML, a first line
`# yaml-language-server: $schema=./ecosystem.schema.json`; in TOML,
`#:schema ./ecosystem.schema.json`.

"""


def reference() -> str:
    """Write the page of all fields."""
    parts = [INTRODUCTION, "## Fields", ""]
    for section, fields in SECTIONS.items():
        parts += [
            f"### {section}",
            "",
            "| field | value | default | meaning |",
            "|---|---|---|---|",
        ]
        parts += [_row(field) for field in fields]
        parts.append("")
    parts += ["", TABLES + EDITORS + _not_acted_on()]
    return "\n".join(parts)


def schema() -> str:
    """Write the schema."""
    return json.dumps(ecosystem_schema(), indent=2) + "\n"


def _row(field: Field) -> str:
    aliases = f"; also {_one_of(field.aliases)}" if field.aliases else ""
    meaning = f"{field.meaning.replace('|', '/')} Example: `{_example(field.example)}`{aliases}"
    return f"| `{field.name}` | {field.kind.word} | {_default(field)} | {meaning} |"


def _default(field: Field) -> str:
    if not field.into or field.into.startswith(("command.", "name", "cwd")):
        return ""
    value = reduce(getattr, field.into.split("."), an_app())
    return f"`{_shown(field.kind, value)}`" if value not in (None, (), {}, frozenset()) else ""


def _shown(kind: Kind, value: object) -> str:
    return kind.show(value)


def _example(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value


def _not_acted_on() -> str:
    return f"""\
## PM2 fields without effect

These are accepted with a warning: {_one_of(sorted(NOT_ACTED_ON))}. They concern the insides of Node, PM2's paid service, or
things that need no setting in pmdaemon.
"""


if __name__ == "__main__":
    REFERENCE.write_text(reference(), "utf-8")
    SCHEMA.write_text(schema(), "utf-8")
