"""`python -m pmdaemon`: the command line."""

from pmdaemon.cli.main import main

if __name__ == "__main__":
    main()
