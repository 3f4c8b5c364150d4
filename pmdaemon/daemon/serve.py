"""`python -m pmdaemon.daemon.serve HOME LINE`: the daemon, as the keeper starts it."""

import gc
import sys

from pmdaemon.daemon import lean

if __name__ == "__main__":
    gc.disable()  # until we are ready: what is loaded stays
    lean.load_asyncio_without_tls()
    lean.load_msgspec_alone()

    from pmdaemon.daemon.lifecycle import main

    sys.exit(main(*sys.argv[1:3]))
