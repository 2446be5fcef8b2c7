"""`python -m vestige` is the command line."""

from vestige.cli import main

main()
