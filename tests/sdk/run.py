#!/usr/bin/env python3
"""Runs a vendor's own client against mooring's emulator of it; or holds what mooring's own provider sends against the
vendor's own API descriptions.

  run.py <vendor> --build <folder> --cli <mooring> [test file name...]
  run.py <vendor> --build <folder> --conformance <mooring_conformance_vendor> [Catch2 argument...]

The clients come from npm, as package-lock.json names them, once for each lock, into the build folder. A Node that is too
old for them is replaced, for these tests, by a newer one from npm. Where npm is missing, or reaches no registry, the exit code
is 77: skipped; with MOORING_REQUIRE_SDK=1 it is 1. Whatever else goes wrong with an installation is a failure.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SKIPPED = 77
IGNORED = shutil.ignore_patterns("node_modules", "__pycache__", "*.pyc")
# How npm says that it could not reach, or not trust, a registry.
UNREACHABLE = re.compile(
    r"E(NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|NETUNREACH|HOSTUNREACH|PIPE|401|403|5\d\d)\b|ERR_SOCKET_TIMEOUT|CERT|certificate"
)
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# Below these a vendor's suite has lost tests without anybody noticing.
LEAST_CALLS = {"daytona": 60, "vercel": 60, "sprites": 100}
# What a vendor's client asks for beyond package.json.
LEAST_NODE = {"sprites": (24, 0)}


class Missing(Exception):
    """Something that this machine does not have and that the suite cannot do without."""


class Broken(Exception):
    """An installation that should have succeeded."""


def least_node(vendor):
    """What package.json, or that vendor's client, asks for, as (major, minor)."""
    text = json.loads((HERE / "package.json").read_text())["engines"]["node"]
    least = tuple(int(part) for part in re.fullmatch(r">=(\d+)\.(\d+)", text).groups())
    return max(least, LEAST_NODE.get(vendor, least))


def version_of(node):
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    found = re.match(r"v(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else (0, 0)


def installed(project, build):
    """The folder into which npm has put what `project`/package-lock.json lists; made once for each lock."""
    lock = project / "package-lock.json"
    digest = hashlib.sha256(lock.read_bytes() + (project / "package.json").read_bytes()).hexdigest()[:16]
    folder = build / f"{'node' if project.name == 'node' else 'clients'}-{digest}"
    with open(build / "install.lock", "w", encoding="utf-8") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if (folder / ".complete").exists():
            return folder
        npm = shutil.which("npm")
        if not npm:
            raise Missing("npm is not installed (Debian: apt-get install npm)")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(project / name, folder)
        install(npm, folder)
        (folder / ".complete").touch()
    return folder


def install(npm, folder):
    environment = dict(os.environ)
    # Not every Node trusts what the system trusts.
    if Path(SYSTEM_CERTIFICATES).exists():
        environment.setdefault("NODE_EXTRA_CA_CERTS", SYSTEM_CERTIFICATES)
    command = [npm, "ci", "--ignore-scripts", "--no-progress", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    # Of an optional package that it could not get npm says nothing; a file has the reason.
    command += ["--loglevel=http", f"--logs-dir={folder / 'logs'}"]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=480, check=False
        )
    except subprocess.TimeoutExpired:
        raise Missing("npm does not come to an end; is its registry reachable?") from None
    installed_all = done.returncode == 0 and any((folder / "node_modules").glob("*/package.json"))
    if installed_all:
        return
    said = done.stderr + "".join(log.read_text(errors="replace") for log in (folder / "logs").glob("*.log"))
    what = "\n".join(line for line in done.stderr.splitlines()[-8:] if line)
    if UNREACHABLE.search(said) or done.returncode == 0:
        raise Missing(f"npm cannot reach its registry\n{what}".rstrip())
    raise Broken(f"npm cannot install what {folder.name} needs:\n{what}")


def usable_node(build, vendor):
    least = least_node(vendor)
    own = shutil.which("node") or shutil.which("nodejs")
    if own and version_of(own) >= least:
        return own
    folder = installed(HERE / "node", build)
    for node in folder.glob("node_modules/node-linux-*/bin/node"):
        if version_of(node) >= least:
            return str(node)
    raise Missing(f"Node {least[0]}.{least[1]} or later is not installed, and npm has none for this machine")


@contextlib.contextmanager
def workplace(build, folder):
    """A copy of the tests beside node_modules, where Node looks for packages."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=build) as name:
        place = Path(name)
        shutil.copytree(HERE, place, ignore=IGNORED, dirs_exist_ok=True)
        (place / "node_modules").symlink_to(folder / "node_modules")
        yield place


def tally(place):
    """What support/count.mjs wrote down: which calls of the clients were made, and how many assertions held."""
    calls, assertions = set(), 0
    for file in sorted((place / "counts").glob("*.json")):
        count = json.loads(file.read_text())
        calls.update(count["calls"])
        assertions += count["assertions"]
    return calls, assertions


def validate_conformance(arguments, build, node, folder):
    """The conformance suite, with every request that the provider sends recorded, and then the records judged."""
    with workplace(build, folder) as place:
        records = place / "records"
        records.mkdir()
        suite = [str(Path(arguments.conformance).resolve()), *arguments.tests]
        environment = dict(os.environ, MOORING_TEST_LEDGERS=str(records))
        status = subprocess.run(suite, cwd=place, env=environment, check=False).returncode
        if status != 0:
            print("sdk: the conformance suite itself failed; its requests are judged when it passes", file=sys.stderr)
            return status
        judge = [node, str(place / arguments.vendor / "validate.mjs"), *map(str, sorted(records.glob("*.jsonl")))]
        return subprocess.run(judge, cwd=place, check=False).returncode


def run_tests(arguments, build, node, folder):
    with workplace(build, folder) as place:
        (place / "counts").mkdir()
        names = arguments.tests or ["*"]
        tests = sorted(str(file) for name in names for file in (place / arguments.vendor).glob(f"{name}.test.mjs"))
        if not tests:
            print(f"sdk: no test of {arguments.vendor} is named so", file=sys.stderr)
            return 2
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DAYTONA_", "VERCEL_", "SPRITE", "MOORING_"))}
        environment.update(
            MOORING_CLI=str(Path(arguments.cli).resolve()), MOORING_SDK_COUNTS=str(place / "counts"), NO_COLOR="1"
        )
        command = [node, "--test", "--test-reporter=spec", "--test-timeout=120000", *tests]
        status = subprocess.run(command, cwd=place, env=environment, check=False).returncode
        calls, assertions = tally(place)
        print(f"sdk: {arguments.vendor}: {len(calls)} distinct calls, {assertions} assertions")
        if arguments.calls:
            print("\n".join(sorted(calls)))
        if status == 0 and not arguments.tests and len(calls) < LEAST_CALLS.get(arguments.vendor, 0):
            print(f"sdk: at least {LEAST_CALLS[arguments.vendor]} distinct calls were expected", file=sys.stderr)
            return 1
        return status


def run(arguments):
    build = Path(arguments.build).resolve()
    build.mkdir(parents=True, exist_ok=True)
    node = usable_node(build, arguments.vendor)
    folder = installed(HERE, build)
    work = validate_conformance if arguments.conformance else run_tests
    return work(arguments, build, node, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vendor")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--cli", help="the mooring program")
    what.add_argument("--conformance", help="the conformance suite of mooring's own provider")
    parser.add_argument("--build", required=True, help="where the clients are installed")
    parser.add_argument("--calls", action="store_true", help="list the calls made")
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_intermixed_args()
    try:
        return run(arguments)
    except Broken as broken:
        print(f"sdk: FAILED: {broken}", file=sys.stderr)
        return 1
    except Missing as missing:
        required = os.environ.get("MOORING_REQUIRE_SDK") == "1"
        print(f"sdk: {'FAILED' if required else 'SKIPPED'}: {missing}", file=sys.stderr)
        return 1 if required else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
