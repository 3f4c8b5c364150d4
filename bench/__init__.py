"""Figures, side by side: pmdaemon and its like on one machine, in one run.

`python -m bench --help` lists the measures.
"""
