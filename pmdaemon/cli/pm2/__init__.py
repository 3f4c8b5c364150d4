"""The command line of PM2: its commands, its options, its files and its words."""
