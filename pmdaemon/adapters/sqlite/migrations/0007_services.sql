-- What the gateway publishes.

CREATE TABLE services (
    name TEXT NOT NULL PRIMARY KEY,
    declaration TEXT NOT NULL
);

PRAGMA user_version = 7;
