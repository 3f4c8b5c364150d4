"""The API of Pushpaka, below `/api/v1`: accounts, projects, deployments."""
