#!/usr/bin/env python3
"""Keeps README.md true: every code block in it is compiled, run, or found again in a file that is.

  readme.py extract <folder>         writes the C++ blocks as sources: programs and fragments; prints their names
  readme.py check                    each block says what becomes of it, and those that repeat a file agree with it
  readme.py run <number> <bin>...    runs a shell block in an empty home, with the folders <bin> in front of PATH
  readme.py --self-test

What becomes of a block:
  ```cpp      with `int main` it is a program; else a fragment, put into a function with `service` and `sandbox`
              in scope (a coroutine when it awaits). Below `<!-- same as: FILE -->` it must be that whole file.
  ```cmake    needs `<!-- part of: FILE -->`: its lines occur there one after the other.
  ```sh       needs `<!-- run -->`; only the blocks that call nothing but ./dev do without.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"(?:^<!-- (?P<marker>.*?) -->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)

FRAGMENT = """\
// From README.md, line {line}.
#include <mooring/mooring.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace readme_{number} {{
[[maybe_unused]] static void complain(const mooring::Error& error) {{ std::cerr << mooring::describe(error) << '\\n'; }}

{returns} fragment([[maybe_unused]] mooring::SandboxService service, [[maybe_unused]] mooring::Sandbox sandbox);
{returns} fragment([[maybe_unused]] mooring::SandboxService service, [[maybe_unused]] mooring::Sandbox sandbox) {{
#line {code_line} "{readme}"
{code}}}
}}  // namespace readme_{number}
"""


class Block:
    def __init__(self, number, match, text):
        self.number = number
        self.line = text[: match.start("language")].count("\n") + 1
        self.marker = match["marker"] or ""
        self.language = match["language"]
        self.code = match["code"]

    def names_file(self, relation):
        return self.marker[len(relation) + 2 :] if self.marker.startswith(relation + ": ") else None

    def is_program(self):
        return re.search(r"^int main\(", self.code, re.MULTILINE) is not None


def blocks(text):
    return [Block(number, match, text) for number, match in enumerate(BLOCK.finditer(text), 1)]


def source_of(block, readme):
    if block.is_program():
        return f'#line {block.line + 1} "{readme}"\n{block.code}'
    awaits = "co_await" in block.code
    code = block.code.replace("return complain", "co_return complain") if awaits else block.code
    returns = "boost::asio::awaitable<void>" if awaits else "void"
    return FRAGMENT.format(
        line=block.line, number=block.number, returns=returns, code_line=block.line + 1, readme=readme, code=code
    )


def complaint(block, read):
    """What is wrong with a block, or None. `read` gives a file's text, or None."""
    if block.language == "cpp":
        whole = block.names_file("same as")
        if whole is not None and read(whole) != block.code:
            return f"is not the same as {whole}"
        return None
    if block.language == "cmake":
        part = block.names_file("part of")
        if part is None:
            return "is cmake without <!-- part of: FILE -->"
        return None if block.code in (read(part) or "") else f"does not occur in {part}"
    if block.language == "sh":
        commands = [line for line in block.code.splitlines() if line.strip()]
        if block.marker == "run" or all(re.match(r"\./dev (demo|test)\b", line) for line in commands):
            return None
        return "is sh that nobody runs: put <!-- run --> above it"
    return f'is of the language "{block.language}", which nothing checks'


def run(block, folders):
    with tempfile.TemporaryDirectory(prefix="mooring-readme-") as home:
        env = {
            "HOME": home,
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join([*folders, "/usr/local/bin", "/usr/bin", "/bin"]),
            **{name: os.environ[name] for name in os.environ if name.startswith(("ASAN_", "UBSAN_", "LSAN_", "TSAN_"))},
        }
        return subprocess.run(["sh", "-eux", "-c", block.code], cwd=home, env=env, check=False).returncode


def self_test():
    text = "<!-- run -->\n```sh\nx\n```\n\n```sh\ny\n```\n```cpp\nint main() {}\n```\n<!-- part of: f -->\n```cmake\na\nb\n```\n```toml\n```\n"
    found = blocks(text)
    files = {"f": "0\na\nb\n1\n"}.get
    assert [b.language for b in found] == ["sh", "sh", "cpp", "cmake", "toml"], found
    assert [b.line for b in found] == [2, 6, 9, 13, 17], [b.line for b in found]
    assert [complaint(b, files) is None for b in found] == [True, False, True, True, False]
    assert complaint(found[3], {"f": "a\nc\n"}.get) is not None
    assert found[2].is_program()
    assert "co_return complain" in source_of(blocks("```cpp\nco_await x;\nreturn complain(e);\n```\n")[0], "R")
    print("readme.py: self-test passed")


def main(arguments):
    if arguments == ["--self-test"]:
        self_test()
        return 0
    readme = ROOT / "README.md"
    found = blocks(readme.read_text(encoding="utf-8"))
    if arguments[:1] == ["extract"] and len(arguments) == 2:
        folder = Path(arguments[1])
        folder.mkdir(parents=True, exist_ok=True)
        for block in found:
            if block.language == "sh" and block.marker == "run":
                print(f"run {block.number}")
            if block.language != "cpp":
                continue
            kind = "program" if block.is_program() else "fragment"
            path = folder / f"{kind}_{block.number}.cpp"
            text = source_of(block, readme)
            # An untouched file is not compiled again.
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
            print(kind, path)
        return 0
    if arguments == ["check"]:
        def read(name):
            path = ROOT / name
            return path.read_text(encoding="utf-8") if path.is_file() else None

        wrong = [f"README.md:{b.line}: this block {why}" for b in found if (why := complaint(b, read))]
        links = re.findall(r"\]\((?!https?:)([^)#]+)", readme.read_text(encoding="utf-8"))
        wrong += [f"README.md: there is no {link}" for link in links if not (ROOT / link).exists()]
        print("\n".join(wrong) if wrong else f"README.md: {len(found)} blocks, each of them checked")
        return 1 if wrong else 0
    if arguments[:1] == ["run"] and len(arguments) > 2:
        return run(next(b for b in found if b.number == int(arguments[1])), arguments[2:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
