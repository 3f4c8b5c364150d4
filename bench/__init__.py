"""Figures, side by side: pmdaemon and PM2 on one machine, in one run. `python -m bench --help`."""
