"""What the CLI and the daemon share: messages, the client, the reading of logs."""
