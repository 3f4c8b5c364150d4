-- Deployments of projects, and the releases that they left on disk.

CREATE TABLE deployments (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    origin TEXT NOT NULL,
    branch TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    commit_msg TEXT NOT NULL,
    rollback_of TEXT,
    release INTEGER,
    url TEXT NOT NULL,
    error_msg TEXT NOT NULL,
    app TEXT NOT NULL,
    phase TEXT,
    phases TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    started REAL,
    finished REAL,
    UNIQUE (project_id, number)
);

CREATE INDEX deployments_by_time ON deployments (created);

CREATE INDEX deployments_by_status ON deployments (status);

CREATE TABLE releases (
    project_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    deployment_id TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    commit_msg TEXT NOT NULL,
    branch TEXT NOT NULL,
    folder TEXT NOT NULL,
    plan TEXT NOT NULL,
    created REAL NOT NULL,
    PRIMARY KEY (project_id, number)
);

PRAGMA user_version = 9;
