"""The Python API: a client of the daemon, blocking and for asyncio; the command line is one."""
