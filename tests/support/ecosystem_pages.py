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

What is to run here, in a file: `pmdaemon start`, without a name, starts what it declares. The fields
are PM2's, so its files work as they are. [ecosystem.example.toml](../ecosystem.example.toml) shows
all of them in use; `pmdaemon init` writes a first file.

    [[apps]]
    name = "web"
    script = "server.js"
    instances = 2
    port = "3000-3001"

The tables below are made of the program's own table of fields, by
`python -m tests.support.ecosystem_pages`.

## Commands

| command | what it does |
|---|---|
| `pmdaemon init [simple]` | writes a file, to be filled in; `--format js` and others for another format |
| `pmdaemon validate FILE` | says everything that is wrong with it, and starts nothing; `--strict` counts warnings |
| `pmdaemon start FILE` | starts what it declares; what runs is started anew as it is declared now |
| `pmdaemon apply FILE` | shows the differences to what runs, and touches only what differs |
| `pmdaemon stop`, `restart`, `delete FILE` | act on the apps of the file |

Each takes `--only a,b` for some of the apps, and those that read the declarations `--env NAME`.
Where no FILE is named, `start`, `validate` and `apply` take that of the directory:
`ecosystem.config.toml`, `ecosystem.toml`, `ecosystem.config.js` (`.cjs`, `.mjs`), then the same
names in JSON and YAML, a `prox.yaml` or `pup.json`, a `package.json` that has apps, a `Procfile`. A `-` is standard input.

All that is wrong is told at once, each fault with its place, before anything is touched. A field
that nobody knows is a warning, with a guess at what was meant.

## Formats

* **TOML**: `*.toml`.
* **JSON**: `*.json`, `*.json5`, `*.jsonc`. Comments, and commas behind the last of a list, are no fault.
  What is an expression of JavaScript instead, as PM2 takes it, is evaluated by node where there is one.
* **YAML**: `*.yaml`, `*.yml`, by the rules of version 1.2: `no` and `on` are words, `010` is ten. `<<` merges.
* **JavaScript**: `*.config.js`, `*.config.cjs`, `*.config.mjs`, evaluated by node: `module.exports`,
  `export default` or `export const apps`, also a function or a promise. It gets {DEADLINE:g} s, and what it
  has started is ended with it.
* **package.json**: what stands under `pm2` or `apps`.
* **Procfile**: a line an app, as `web: node server.js`.

The list of apps is `apps` (or `pm2`), or the document itself; a single app needs no list. What
begins with `x-` beside it is the file's own, for anchors and the like. `deploy` and `static` are told
to do nothing.

## Values

* A **duration** is `500ms`, `3s`, `1.5h`, `7d`; a plain number is in milliseconds, and within
  `health_check`, as it always was there, in seconds.
* A **size** is `150M`, `1.5G`, `10KiB`; a plain number is in bytes.
* A **path** is relative to the app's `cwd`, and that to the folder of the file.
* Names may be written as in JavaScript: `maxRestarts` is `max_restarts`. Numbers and switches may
  be text. What is null counts as not said.

### Variables in texts

Every text may hold variables of the shell, but not in JavaScript, which has its own:

| written | stands for |
|---|---|
| `${{NAME}}` | its value; an error when it is not set |
| `${{NAME:-default}}` | its value, or the default when it is not set or empty |
| `${{NAME-default}}` | its value, or the default when it is not set |
| `${{NAME:?reason}}` | its value; an error, with the reason, when it is not set or empty |
| `$${{NAME}}` | the text `${{NAME}}` |

A default may hold variables itself. A `script` that is a command line is left as it is, since the
shell that runs it does the same, with the program's own environment.

### Environments

What the program gets is, from the weakest to the strongest: what the shell has that starts it
(without `filter_env`), `PORT`, the files of `env_file`, `env`, and with `--env NAME` the variables
under `env_NAME`. A variable that is dropped from the file is dropped from the program.

A file of variables has a `NAME=value` a line, with quotes, comments and `export` as in every `.env`.
A `$` in it is a `$`.

## Applying changes

`pmdaemon apply` compares each app of the file with what is there: command, folder, variables,
instances, ports, policies, output. It shows what differs (secrets are masked) and then

* starts what is new;
* starts anew what is declared otherwise, if it is up, and reloads clusters; what was stopped stays so, with its new
  declaration;
* adds or removes instances where only their number differs, and leaves the others alone;
* notes policies (restarts, stop, memory, hooks, dependencies) without touching the program;
* with `--prune`, deletes what once came from this file and is not in it any more.

`--dry-run` stops after the showing. The environment of the shell is not compared.
"""

TABLES = f"""\
## Fields that are tables

| field | within it |
|---|---|
| `health_check` | `type` (`http`, `tcp`, `command`), and `url`, `port` (or `tcp`, with a host) or `command` (`script`); `interval` 30 s, `timeout` 5 s, `retries` 3, `start_period` 0 s, `restart` true, `enabled` true. `{{port}}` in a target is the instance's own |
| `job` | `cron`; `timezone`; `overlap`: {_one_of(OVERLAPS)}; `timeout` none; `keep` 50 runs |
| `proxy` | `hosts` (`host`, `domains`); `strip` false; `port`, where that is not the app's; `strategy`: {_one_of(STRATEGIES)}; `listen`, an address whose connections are spread as they are: see [the proxy](gateway.md) |
| `depends_on` | names, or a condition for each: `started`, `ready` (if not said), `completed`; Compose's `service_…` ones as well |
| `hooks` | `events` (`on`): {_one_of(EVENTS)}; `command` or `url`; `secret`, which signs what is posted |
| `limits` | {_one_of(RESOURCES)}: a number, a size, or `unlimited` |

"""

EDITORS = """\
## Editors

`pmdaemon validate --schema` prints a JSON Schema, which is [ecosystem.schema.json](ecosystem.schema.json)
here. Editors complete and check by it: in JSON by a `$schema` beside `apps`, in YAML by a first line
`# yaml-language-server: $schema=./ecosystem.schema.json`, in TOML by `#:schema ./ecosystem.schema.json`.

"""


def reference() -> str:
    """Write the page of all fields."""
    parts = [INTRODUCTION, "## Fields", ""]
    for section, fields in SECTIONS.items():
        parts += [f"### {section}", "", "| field | value | default | |", "|---|---|---|---|"]
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
## Fields of PM2 that mean nothing here

They are accepted with a warning: {_one_of(sorted(NOT_ACTED_ON))}. They are for the insides of Node, for
PM2's paid service, or for what needs no setting here.
"""


if __name__ == "__main__":
    REFERENCE.write_text(reference(), "utf-8")
    SCHEMA.write_text(schema(), "utf-8")
