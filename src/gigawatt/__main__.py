"""`python -m gigawatt` is the `gigawatt` command."""

from gigawatt.app.cli import main

main()
