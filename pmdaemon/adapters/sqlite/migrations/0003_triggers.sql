-- Growing waits between restarts, the last words of what was given up, and what was due.

ALTER TABLE processes ADD COLUMN backoff REAL NOT NULL DEFAULT 0;
ALTER TABLE processes ADD COLUMN last_words TEXT;
ALTER TABLE processes ADD COLUMN due REAL;
ALTER TABLE processes ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 3;
