"""`python -m groundplan` is the `groundplan` command."""

from groundplan.cli import main

main()
