#!/usr/bin/env python3
"""Refuses an #include that crosses the layers of the source tree.

The rules are the table in allowed_owners(). A header belongs to the folder it lies in, so a new provider or store needs
no entry here. Run without arguments to check the tree, with --self-test to check this script.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ON_TOP = ("facade", "cli", "examples", "benchmarks", "tests")
GROUPS = ("persistence", "providers")
SINGLE = ("core", "transport", "emulation") + ON_TOP
SUFFIXES = (".cpp", ".hpp", ".h", ".ipp")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
ENGINES = re.compile(r"^(curl/|SQLiteCpp/|sqlite3|pqxx/)")


def owner_of(path):
    """The layer a file belongs to: core, persistence/sqlite, providers/local, tests ... None outside of all.

    An emulator is a layer of its own: it must not know its provider's client, or both would share its mistakes. The
    conformance suite's fixture sets the one on the other.
    """
    parts = path.parts
    if parts[0] == "providers" and len(parts) > 3 and parts[2] in ("emulator", "testing"):
        return "/".join(parts[:3])
    if parts[0] in GROUPS and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0] if parts[0] in SINGLE and len(parts) > 1 else None


def allowed_owners(owner):
    """The layers whose public headers `owner` may include, or None for all of them."""
    if owner in ON_TOP:
        return None
    if owner.startswith("providers/") and owner.endswith("/emulator"):
        return {"core", "transport", "emulation", owner}
    if owner.startswith("providers/") and owner.endswith("/testing"):
        provider = owner.removesuffix("/testing")
        return {"core", "transport", "emulation", provider, provider + "/emulator", owner}
    if owner.startswith("providers/"):
        return {"core", "transport", owner}
    if owner == "emulation":
        return {"core", "transport", "providers/local", owner}
    if owner == "transport":
        return {"core", owner}
    if owner.startswith("persistence/"):
        return {"core", owner}
    return {owner}


def is_emulation(owner):
    return owner == "emulation" or owner.endswith("/emulator")


def reaches_internals(path):
    """Tests that mirror the sources may look inside them; those that check promises may not."""
    return path.parts[0] == "tests" and path.parts[1] not in ("conformance", "install", "live")


def sources(root):
    for top in SINGLE + GROUPS:
        for folder, subfolders, names in os.walk(root / top):
            subfolders[:] = sorted(name for name in subfolders if name != "build")
            for name in sorted(names):
                if name.endswith(SUFFIXES):
                    yield (Path(folder) / name).relative_to(root)


def public_headers(files):
    """From the text of an include to the layer that offers it."""
    headers = {}
    for path in files:
        owner = owner_of(path)
        if owner and "include" in path.parts:
            headers["/".join(path.parts[path.parts.index("include") + 1 :])] = owner
    return headers


def resolve_quoted(root, path, owner, target):
    """The file a quoted include means, by the places the compiler looks in; None if it is not in the source tree."""
    home = root / owner
    for folder in (root / path.parent, home, home / "src", home / "include"):
        candidate = Path(os.path.normpath(folder / target))
        if candidate.is_file():
            return candidate.relative_to(root) if candidate.is_relative_to(root) else candidate
    return None


def internal_owner(files, target):
    for path in files:
        if "src" in path.parts and "/".join(path.parts[path.parts.index("src") + 1 :]) == target:
            return owner_of(path)
    return None


def problem_with(root, files, headers, path, owner, quote, target):
    allowed = allowed_owners(owner)
    offered_by = headers.get(target)
    if target.startswith("mooring/"):
        if offered_by is None:
            return "no folder offers this header" if quote == "<" else None
        if owner == "facade" and is_emulation(offered_by):
            return "emulators are for the command line and for tests; the library does without them"
        if allowed is not None and offered_by not in allowed:
            return f"{owner} may include only {', '.join(sorted(allowed))}; this header belongs to {offered_by}"
        return None
    if quote == '"':
        resolved = resolve_quoted(root, path, owner, target)
        reached = owner_of(resolved) if resolved and not resolved.is_absolute() else None
        if resolved is None:
            reached = internal_owner(files, target)
            if reached is None:
                return None
        if reached != owner and not reaches_internals(path):
            return f"reaches out of {owner}; include a public header as <mooring/...>"
        return None
    if target.startswith("fmt/"):
        return "include <spdlog/fmt/fmt.h>, so that both use one fmt"
    if ENGINES.match(target) and (owner == "core" or "include" in path.parts):
        return "no HTTP or SQL engine in core or in a public header"
    return None


def check(root):
    files = list(sources(root))
    headers = public_headers(files)
    problems = []
    for path in files:
        owner = owner_of(path)
        if owner is None:
            continue
        for number, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                problem = problem_with(root, files, headers, path, owner, match[1], match[2])
                if problem:
                    problems.append(f"{path}:{number}: {match[2]}: {problem}")
    return problems


def self_test():
    tree = {
        "core/include/mooring/record.hpp": "#include <string>\n#include <mooring/error.hpp>\n",
        "core/include/mooring/error.hpp": "",
        "core/src/detail/rules.hpp": "",
        "core/src/rules.cpp": '#include "detail/rules.hpp"\n#include "generated.hpp"\n',
        "core/src/bad_layer.cpp": "#include <mooring/acme/options.hpp>\n",
        "core/src/bad_engine.cpp": "#include <curl/curl.h>\n",
        "core/src/bad_missing.cpp": "#include <mooring/nowhere.hpp>\n",
        "core/src/bad_fmt.cpp": "#include <fmt/format.h>\n",
        "transport/include/mooring/http/transport.hpp": "#include <mooring/error.hpp>\n",
        "persistence/sqlite/src/store.cpp": "#include <SQLiteCpp/Database.h>\n#include <mooring/record.hpp>\n",
        "persistence/sqlite/src/bad_layer.cpp": "#include <mooring/http/transport.hpp>\n",
        "persistence/sqlite/include/mooring/sqlite/bad_engine.hpp": "#include <sqlite3.h>\n",
        "providers/acme/include/mooring/acme/options.hpp": "",
        "providers/acme/src/wire.hpp": "",
        "providers/acme/src/wire.cpp": '#include "wire.hpp"\n#include <mooring/http/transport.hpp>\n',
        "providers/acme/emulator/include/mooring/acme/emulator.hpp": "#include <mooring/emulation/server.hpp>\n",
        "providers/acme/emulator/src/world.hpp": "",
        "providers/acme/emulator/src/deep/routes.cpp": '#include "world.hpp"\n#include <mooring/acme/emulator.hpp>\n',
        "providers/acme/emulator/src/bad_client.cpp": "#include <mooring/acme/options.hpp>\n",
        "providers/acme/emulator/src/bad_client_internal.cpp": '#include "../../src/wire.hpp"\n',
        "providers/acme/emulator/src/bad_machines.cpp": "#include <mooring/local/options.hpp>\n",
        "providers/acme/testing/fixture.cpp": "#include <mooring/acme/options.hpp>\n#include <mooring/acme/emulator.hpp>\n"
        "#include <mooring/emulation/server.hpp>\n",
        "providers/acme/testing/bad_peer.cpp": "#include <mooring/local/options.hpp>\n",
        "providers/acme/src/bad_emulator.cpp": "#include <mooring/acme/emulator.hpp>\n",
        "providers/acme/src/bad_emulation.cpp": "#include <mooring/emulation/server.hpp>\n",
        "emulation/include/mooring/emulation/server.hpp": "#include <mooring/http/transport.hpp>\n",
        "emulation/src/machines.cpp": "#include <mooring/local/options.hpp>\n",
        "emulation/src/bad_peer.cpp": "#include <mooring/acme/options.hpp>\n",
        "providers/acme/src/bad_peer.cpp": "#include <mooring/local/options.hpp>\n",
        "providers/acme/src/bad_relative.cpp": '#include "../../local/src/box.hpp"\n',
        "providers/acme/src/bad_internal.cpp": '#include "detail/rules.hpp"\n',
        "providers/local/include/mooring/local/options.hpp": "",
        "providers/local/src/box.hpp": "",
        "facade/include/mooring/mooring.hpp": "#include <mooring/record.hpp>\n#include <mooring/acme/options.hpp>\n",
        "facade/src/bad_emulator.cpp": "#include <mooring/acme/emulator.hpp>\n",
        "cli/src/main.cpp": "#include <mooring/mooring.hpp>\n#include <mooring/acme/emulator.hpp>\n",
        "cli/src/bad_internal.cpp": '#include "detail/rules.hpp"\n',
        "tests/support/catch.hpp": "",
        "tests/unit/rules_test.cpp": '#include "support/catch.hpp"\n#include "detail/rules.hpp"\n',
        "tests/conformance/bad_internal.cpp": '#include "detail/rules.hpp"\n',
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, text in tree.items():
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        found = sorted({problem.split(":")[0] for problem in check(Path(folder))})
    expected = sorted(name for name in tree if "/bad_" in name)
    for name in set(expected) ^ set(found):
        print(f"self-test: {name} should {'' if name in expected else 'not '}be refused")
    return expected != found


def main():
    if "--self-test" in sys.argv[1:]:
        return self_test()
    problems = check(ROOT)
    print("\n".join(problems) or "includes respect the layers")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
