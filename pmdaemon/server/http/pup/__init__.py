"""The Pup API: the dialect of Pup's clients, and of programs that report telemetry."""
