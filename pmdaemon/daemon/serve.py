"""`python -m pmdaemon.daemon.serve HOME LINE`: the daemon, as the keeper starts it."""

import sys


def serve(home: str, line: str) -> int:
    """Load the daemon, and be it; return its exit code.

    The keeper imports this module, and is not to load what the daemon takes.
    """
    from pmdaemon.daemon import lean  # noqa: PLC0415 - as above

    lean.load_asyncio_without_tls()

    from pmdaemon.daemon.lifecycle import main  # noqa: PLC0415 - as above

    return main(home, line)


if __name__ == "__main__":
    sys.exit(serve(*sys.argv[1:3]))
