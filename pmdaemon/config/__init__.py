"""From text to specs: ecosystem files, fields, commands, paths."""
