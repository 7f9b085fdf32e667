"""`python -m siyu` is `siyu`."""

from siyu.cli import main

main()
