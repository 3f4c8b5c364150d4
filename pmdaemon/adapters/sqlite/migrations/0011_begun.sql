-- How often a deployment was begun: one that daemons die of is not begun for ever.

ALTER TABLE deployments ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 11;
