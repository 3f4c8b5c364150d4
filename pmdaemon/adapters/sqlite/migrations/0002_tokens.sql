-- Keys and consumer tokens that were handed out, as digests.

CREATE TABLE tokens (
    name TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    grants TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,
    former_digest TEXT,
    former_until REAL,
    revoked INTEGER NOT NULL
);

PRAGMA user_version = 2;
