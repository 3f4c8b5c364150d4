"""Taking over what another process manager has."""
