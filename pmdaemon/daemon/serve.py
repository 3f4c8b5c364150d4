"""`python -m pmdaemon.daemon.serve HOME LINE`: the daemon, as the keeper starts it."""

import gc
import os
import sys

from pmdaemon.daemon import lean
from pmdaemon.daemon.keeper import ALLOCATOR

if __name__ == "__main__":
    for name, value in ALLOCATOR.items():
        if os.environ.get(name) == value:
            del os.environ[name]  # it is for us, and not for what we start
    gc.disable()  # until we are ready: what is loaded stays
    lean.load_pathlib_without_urls()
    lean.load_later()
    lean.load_asyncio_without_tls()
    lean.load_msgspec_alone()

    from pmdaemon.daemon.lifecycle import main

    sys.exit(main(*sys.argv[1:3]))
