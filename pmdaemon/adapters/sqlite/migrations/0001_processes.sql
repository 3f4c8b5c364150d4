-- What runs, as one row an instance, and what was declared for it, as one row an app.
-- The application id is "pmd" and a zero byte, so that a strange database is known as such.

CREATE TABLE apps (
    name TEXT NOT NULL PRIMARY KEY,
    declaration TEXT NOT NULL
);

CREATE TABLE processes (
    pm_id INTEGER PRIMARY KEY,
    app TEXT NOT NULL REFERENCES apps (name),
    instance INTEGER NOT NULL,
    wish TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    launch INTEGER NOT NULL,
    tcp_port INTEGER UNIQUE,
    restarts INTEGER NOT NULL,
    ends TEXT NOT NULL,
    last_exit TEXT,
    last_cause TEXT,
    created_wall REAL NOT NULL,
    created_monotonic REAL NOT NULL,
    started_wall REAL,
    started_monotonic REAL,

    -- The state, and what only some of them carry.
    state TEXT NOT NULL,
    pid INTEGER,
    start_time INTEGER,
    since_wall REAL,
    since_monotonic REAL,
    cause TEXT,
    exit TEXT,
    killed INTEGER,
    delay REAL,
    reason TEXT
);

CREATE INDEX processes_of_an_app ON processes (app);

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

PRAGMA application_id = 0x706d6400;
PRAGMA user_version = 1;
