"""`python -m vlens` is the `vlens` command."""

import sys

from vlens.cli import main

if __name__ == "__main__":
    sys.exit(main())
