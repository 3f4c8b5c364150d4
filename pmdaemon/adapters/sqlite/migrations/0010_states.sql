-- How processes were, and from when on; the oldest records make room.

CREATE TABLE states (
    id INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    process TEXT NOT NULL,
    state TEXT,
    blocked INTEGER NOT NULL,
    restarts INTEGER NOT NULL,
    pid INTEGER,
    exit_code INTEGER,
    exit_signal INTEGER,
    ran INTEGER NOT NULL,
    exhausted INTEGER NOT NULL
);

CREATE INDEX states_by_time ON states (time, id);

PRAGMA user_version = 10;
