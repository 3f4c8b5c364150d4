-- The runs of jobs; a run without a launch was due and skipped.

CREATE TABLE job_runs (
    id INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    pm_id INTEGER NOT NULL,
    launch INTEGER,
    due REAL,
    began REAL NOT NULL,
    ended REAL,
    outcome TEXT NOT NULL,
    exit TEXT,
    out_start INTEGER NOT NULL,
    out_end INTEGER,
    err_start INTEGER NOT NULL,
    err_end INTEGER,
    UNIQUE (app, pm_id, launch)
);

CREATE INDEX job_runs_of_an_app ON job_runs (app, id);

PRAGMA user_version = 4;
