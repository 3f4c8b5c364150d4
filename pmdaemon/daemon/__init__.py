"""The composition root: wiring and the life of the daemon."""


def keep() -> None:
    """Keep a home, as the arguments of this process say, until that is over."""
    import sys  # noqa: PLC0415 - whoever imports a module of this package does not keep a home

    from pmdaemon.daemon.__main__ import main  # noqa: PLC0415 - as above

    sys.exit(main(sys.argv[1:]))
