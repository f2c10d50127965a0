"""Reads pip's installation report and prints `name==version` lines: exactly what one image installs, and no more.

A layer that installs from such a file is rebuilt when one of its own versions changes, and not when another's does.
usage: pip install --dry-run --ignore-installed --quiet --report - … | python pinned.py
"""

import json
import sys


def pinned(report: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    """The packages of an installation report, sorted by name."""
    packages = (entry["metadata"] for entry in report["install"])
    return sorted(f"{package['name'].lower()}=={package['version']}" for package in packages)


if __name__ == "__main__":
    sys.stdout.write("\n".join(pinned(json.load(sys.stdin))) + "\n")
