"""What is needed to build and run a repository of each kind, told by its files."""
