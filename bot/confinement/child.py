"""Gives up what a decoder does not need, and then is that decoder: nothing else is imported before.

Run by path. Arguments: seconds of CPU, bytes of memory, the program's path and its own arguments.
"""

import resource
import runpy
import sys


def confine(cpu_s: int, memory_bytes: int) -> None:
    """No more than that, no file written, no core dumped."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    confine(int(sys.argv[1]), int(sys.argv[2]))
    del sys.argv[:3]
    runpy.run_path(sys.argv[0], run_name="__main__")
