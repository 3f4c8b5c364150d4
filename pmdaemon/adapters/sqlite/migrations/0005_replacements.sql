-- Readiness, and the second process that an instance has while it is reloaded.

ALTER TABLE processes ADD COLUMN ready INTEGER;
ALTER TABLE processes ADD COLUMN replaces INTEGER;
ALTER TABLE processes ADD COLUMN lineage INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 5;
