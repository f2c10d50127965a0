"""Proves while an image is built that what is in it can start: every module imports, and an unwanted library is absent.

usage: python imports.py --without LIBRARY PACKAGE …
"""

import argparse
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Iterator

# The one-machine supervisor and its embedded Redis; in containers Docker and a Redis of its own do their work.
ELSEWHERE = {"config.launch", "config.embedded_redis"}


def modules(packages: Iterable[str]) -> Iterator[str]:
    """The packages and every module in them, by full name."""
    for package in packages:
        yield package
        path = importlib.import_module(package).__path__
        names = (module.name for module in pkgutil.walk_packages(path, prefix=f"{package}."))
        yield from (name for name in names if name not in ELSEWHERE)


def main() -> None:
    """Import everything; an ImportError ends the build with its traceback."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", metavar="LIBRARY", required=True)
    parser.add_argument("packages", metavar="PACKAGE", nargs="+")
    arguments = parser.parse_args()
    for name in modules(arguments.packages):
        importlib.import_module(name)
    if importlib.util.find_spec(arguments.without) is not None:
        sys.exit(f"{arguments.without} is in this image: a requirement of {', '.join(arguments.packages)} brings it in")


if __name__ == "__main__":
    main()
