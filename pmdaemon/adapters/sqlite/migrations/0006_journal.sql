-- What happened to processes, and what consumers sent in; the oldest entries make room.

CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    severity TEXT NOT NULL,
    category TEXT NOT NULL,
    text TEXT NOT NULL,
    process TEXT,
    consumer TEXT
);

CREATE INDEX journal_by_time ON journal (time, id);

PRAGMA user_version = 6;
