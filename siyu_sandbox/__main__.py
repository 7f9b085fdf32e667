"""`python -m siyu_sandbox <command>`: one command per part of the sandbox."""

import sys
from collections.abc import Callable

from siyu_sandbox import serve
from siyu_sandbox.brand import command as brand
from siyu_sandbox.market import command as market

COMMANDS: dict[str, Callable[[list[str]], int]] = {"brand": brand.run, "market": market.run, "serve": serve.run}


def main(arguments: list[str]) -> int:
    """Hand the arguments after the command's name to the command."""
    if not arguments or arguments[0] not in COMMANDS:
        sys.stderr.write(f"usage: python -m siyu_sandbox {{{','.join(COMMANDS)}}} …\n")
        return 2
    return COMMANDS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
