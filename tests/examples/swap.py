"""swap.py --beside <program> --emulated <name>... --providers <name>... -- <program>

Runs the program once for each value of SANDBOX_PROVIDER, those of clouds beside their emulator, and compares the
results that it keeps (--result <file>), byte for byte.
"""

import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile


def run(provider, options, result):
    environment = dict(os.environ, SANDBOX_PROVIDER=provider)
    command = [options.program, "--result", str(result)]
    if provider in options.emulated:
        command = [options.beside, provider, *command]
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ended.returncode == 0 and result.is_file():
        return result.read_bytes()
    sys.stdout.write(ended.stdout.decode(errors="replace"))
    raise SystemExit(f"swap: at {provider} the program ended with {ended.returncode}")


def difference(one, other):
    """Where two results part, for people."""
    lines = list(zip(one.splitlines(), other.splitlines()))
    for number, (left, right) in enumerate(lines, 1):
        if left != right:
            return f"line {number}: {left!r} and {right!r}"
    return f"{len(one)} and {len(other)} bytes, the same up to the end of the shorter one"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--beside", required=True)
    parser.add_argument("--emulated", nargs="*", default=[])
    parser.add_argument("--providers", nargs="+", required=True)
    parser.add_argument("program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        results = {
            name: run(name, options, pathlib.Path(directory) / name) for name in options.providers
        }
    first = options.providers[0]
    failed = False
    for name, result in results.items():
        print(f"{name}: {len(result)} bytes, sha256 {hashlib.sha256(result).hexdigest()}")
        if not result:
            failed = True
            print("swap: that is no result")
        elif result != results[first]:
            failed = True
            print(f"swap: not what {first} gives: {difference(results[first], result)}")
    return 1 if failed or len(results) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
