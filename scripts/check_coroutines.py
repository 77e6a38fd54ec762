#!/usr/bin/env python3
"""Finds statements that GCC 12 miscompiles because they contain co_await.

In a full-expression with co_await, GCC 12 may destroy twice, or not at all, a `{...}` temporary or a lambda with
captures, and it mishandles co_await in a branch of `?:` or in the initialiser of a range-for. A default argument `= {}`
puts such a temporary into every statement that omits it. The cure is to name the value first.

This reads tokens, not types. Where it is wrong, `// coroutine-safe: <why>` on the statement's first line silences it.
Run without arguments to check the tree, with files to check those, with --self-test to check this script.
"""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("core", "transport", "emulation", "persistence", "providers", "facade", "cli", "examples", "benchmarks", "tests")

TOKEN = re.compile(
    r"""
      (?P<skip>\s+|//[^\n]*|/\*.*?\*/)
    | (?P<directive>(?:(?<=\n)|\A)[ \t]*\#(?:\\\n|[^\n])*)
    | (?P<raw>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)")
    | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
    | (?P<char>(?:u8|[uUL])?'(?:\\.|[^'\\\n])+')
    | (?P<number>\.?\d(?:'?[\w.])*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<punctuation>::|->\*?|\[\[|\]\]|<=>|&&|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)
BODY_WORDS = {"else", "do", "try", "const", "noexcept", "override", "final", "mutable", "static", "constexpr"}
DECLARES_BODY = {"namespace", "struct", "class", "union", "enum"}
CONTROL = {"if", "for", "while", "switch", "catch", "constexpr"}
ENDS_OPERAND = {")", "]", ">"}


class Token:
    def __init__(self, text, kind, line):
        self.text, self.kind, self.line = text, kind, line


def tokens_of(text):
    result, line, position = [], 1, 0
    while position < len(text):
        match = TOKEN.match(text, position)
        # A directive's indentation would be eaten as white space, and its '#' then read as punctuation.
        kind = match.lastgroup if match.lastgroup != "delimiter" else "raw"
        if kind == "skip" and match[0].isspace() and "\n" in match[0]:
            end = position + match[0].rindex("\n") + 1
            chunk = text[position:end]
        else:
            end, chunk = match.end(), match[0]
            if kind not in ("skip", "directive"):
                result.append(Token("literal" if kind in ("raw", "string", "char") else chunk, kind, line))
        line += chunk.count("\n")
        position = end
    return result


class Statement:
    """What has been seen of one full-expression."""

    def __init__(self):
        self.awaits = 0
        self.hazards = []


class Frame:
    """An open bracket. A block starts statements of its own; other brackets belong to the statement around them."""

    def __init__(self, kind, opener=None, statement=None):
        self.kind = kind
        self.opener = opener
        self.statement = statement or Statement()
        self.tokens = []
        self.opener_word = ""
        self.conditional = False
        self.ranged = False
        self.is_introducer = False
        self.is_lambda_body = False
        self.captures = 0
        # Set between a lambda's introducer and its body, to the introducer's frame.
        self.pending_lambda = None

    @property
    def opener_is_control(self):
        return self.opener_word in CONTROL


def is_trailing_return(tokens):
    """Whether the tokens before a `{` end in `) -> type`, or `) noexcept -> type`."""
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        if token.text == "->":
            return index > 0 and (tokens[index - 1].text in (")", "]") or tokens[index - 1].text in BODY_WORDS)
        if token.kind != "word" and token.text not in ("::", "<", ">", ",", "*", "&", "&&", "()", ")", "("):
            return False
    return False


def opens_block(frame):
    """Whether a `{` after frame.tokens opens a body, as opposed to an initialiser."""
    tokens = frame.tokens
    if frame.pending_lambda:
        return True
    if not tokens:
        return frame.kind == "block"
    last = tokens[-1].text
    if last in (")", "}", "&", "&&") or last in BODY_WORDS:
        return frame.kind == "block"
    if last == ":":
        return frame.kind == "block"
    if any(token.text in DECLARES_BODY for token in tokens) and not any(t.text in ("=", "(") for t in tokens):
        return True
    if last == "literal" and tokens[0].text == "extern":
        return True
    return frame.kind == "block" and is_trailing_return(tokens)


class Checker:
    def __init__(self, text):
        self.lines = text.splitlines()
        self.problems = []
        self.frames = [Frame("block")]

    @property
    def frame(self):
        return self.frames[-1]

    def report(self, line, message):
        if not any("coroutine-safe:" in self.lines[n - 1] for n in (line, line - 1) if 0 < n <= len(self.lines)):
            self.problems.append((line, message))

    def end_statement(self):
        statement = self.frame.statement
        if statement.awaits:
            for line, message in statement.hazards:
                self.report(line, message)
        fresh = Statement()
        for frame in reversed(self.frames):
            frame.statement = fresh
            frame.tokens.clear()
            frame.conditional = False
            if frame.kind == "block":
                break

    def open(self, kind, token):
        self.frames.append(Frame(kind, token, self.frame.statement))

    def starts_lambda(self):
        tokens = self.frame.tokens
        if not tokens:
            return True
        last = tokens[-1]
        if last.kind == "word":
            return last.text in ("return", "co_return", "co_await", "co_yield")
        return last.text not in ENDS_OPERAND and last.kind not in ("number", "raw", "string", "char")

    def brace(self, token):
        frame = self.frame
        if opens_block(frame):
            body = Frame("block", token)
            if frame.pending_lambda:
                body.is_lambda_body = True
                if frame.pending_lambda.captures:
                    message = "lambda with captures in a statement with co_await: name it first"
                    frame.statement.hazards.append((frame.pending_lambda.opener.line, message))
                frame.pending_lambda = None
            self.frames.append(body)
            return
        previous = frame.tokens[-1].text if frame.tokens else ""
        if frame.kind == "(" and previous == "=" and not frame.opener_is_control:
            self.report(token.line, "default argument = {...}: write = T(), or each co_await that omits it is unsafe")
        else:
            frame.statement.hazards.append((token.line, "{...} in a statement with co_await: name the value first"))
        self.open("{", token)

    def close(self):
        if len(self.frames) == 1:
            return
        closed = self.frame
        if closed.kind == "block":
            self.end_statement()
        self.frames.pop()
        frame = self.frame
        if closed.kind == "block" and not closed.is_lambda_body and frame.kind == "block":
            self.end_statement()
            return
        frame.tokens.append(Token({"(": ")", "[": "]"}.get(closed.kind, "}"), "punctuation", closed.opener.line))
        if closed.kind == "[" and closed.is_introducer:
            frame.pending_lambda = closed
        if closed.kind == "(" and closed.opener_is_control and frame.kind == "block":
            # The head of an if, for, while or switch is an expression of its own.
            head = frame.tokens[-1]
            self.end_statement()
            frame.tokens.append(head)

    def run(self, tokens):
        for token in tokens:
            frame, text = self.frame, token.text
            if text in ("(", "["):
                previous = frame.tokens[-1].text if frame.tokens else ""
                introducer = text == "[" and self.starts_lambda()
                self.open(text, token)
                self.frame.opener_word = previous
                self.frame.is_introducer = introducer
            elif text == "[[" or text == "]]":
                pass
            elif text == "{":
                self.brace(token)
            elif text in (")", "]", "}"):
                self.close()
            elif text == ";":
                frame.pending_lambda = None
                self.end_statement()
            else:
                self.other(token)
        return sorted(set(self.problems))

    def other(self, token):
        frame, text = self.frame, token.text
        if frame.kind == "[":
            frame.captures += 1
        if text == "?":
            frame.conditional = True
        elif text == ",":
            frame.conditional = False
            if not is_trailing_return(frame.tokens):
                frame.pending_lambda = None
        elif text == "=":
            frame.pending_lambda = None
        elif text == ":" and frame.kind == "(" and frame.opener_word == "for" and not frame.conditional:
            frame.ranged = True
        elif text == "co_await":
            frame.statement.awaits += 1
            enclosing = []
            for outer in reversed(self.frames):
                enclosing.append(outer)
                if outer.kind == "block":
                    break
            if any(outer.conditional for outer in enclosing):
                self.report(token.line, "co_await in a branch of ?: : use if")
            if any(outer.ranged for outer in enclosing):
                self.report(token.line, "co_await in the initialiser of a range-for: name the range first")
        frame.tokens.append(token)


def check_text(text):
    return Checker(text).run(tokens_of(text))


def files():
    for top in FOLDERS:
        for folder, subfolders, names in os.walk(ROOT / top):
            subfolders[:] = sorted(name for name in subfolders if name != "build")
            yield from (Path(folder) / name for name in sorted(names) if name.endswith((".cpp", ".hpp")))


GOOD = """
Task<int> f(Options o = Options()) { co_return 1; }
struct S : Base { int a = 0; std::vector<int> v = {}; S() : a{1}, b_(2) { } };
enum class E : int { a, b };
namespace a::b { extern "C" { int x; } }
Task<int> g() { Options o{.cwd = "x"}; auto r = co_await f(std::move(o)); if (!r) { co_return T{1}; } co_return *r; }
Task<int> h() { if (auto r = co_await f(); !r) { co_return T{1}; } else { x = {1, 2}; } }
Task<int> i() { asio::co_spawn(loop, [self] () -> asio::awaitable<void> { co_await self->run(); }, detached); co_return 1; }
Task<int> j() { auto l = [x] { return T{x}; }; co_await f(l); while (co_await k()) { y = {}; } }
Task<int> k() { co_await f([] { return 1; }); for (auto& x : names) { co_await f(x); } }
Task<int> l() { for (T t = {}; t < 3; ++t) { co_await f(t); } auto x = c ? T{1} : T{2}; co_await f(c ? 1 : 2); }
Task<int> m() { switch (co_await f()) { case 1: { co_return T{}; } case 2: co_await f(a[1], b[i]); } }
Task<int> n() { do { x = {1}; } while (co_await f()); if (x) co_return T{1}; co_return co_await f(); }
Task<int> o() noexcept { auto s = "co_await f({})"; /* co_await f({}) */ auto r = R"x(co_await f({"))x"; co_await f(s); }
auto p = [](int n) mutable -> asio::awaitable<Result<int>> { const T t{n}; co_return co_await f(t); };
Task<int> q() { if (T t{1}; t.ok) co_await f(t); std::visit([&](auto v) { use({v}); }, w); co_return 1'000'000; }
TEST_CASE("x", "[unit]") { auto r = run(f({.cwd = "x"})); }
[[nodiscard]] Task<int> r() { [[maybe_unused]] T t{1}; co_await f(t); }
template <class T> requires (sizeof(T) > 1) Task<T> s() { T t{}; co_return co_await f(t); }
Task<int> t() { co_await f(T{1});  // coroutine-safe: T is an int
}
Task<int> u() { auto& [a, b] = *r; auto& [c, d] = co_await f(a); for (auto& [k, v] : co) { co_await f(v); } }
Task<int> v() { co_await f([](int n) -> std::pair<int, int> { return {n, n}; }); }
#define UNSAFE(x) co_await f({x})
"""

BAD = """
Task<int> a() { co_await f({.cwd = x}); }
Task<int> a() { auto r = co_await f(Options{.cwd = x}); }
Task<int> a() { auto r = co_await f(1, [x] { return x; }); }
Task<int> a() { auto r = co_await f(1, [&](int n) { return x + n; }); }
Task<int> a() { auto r = co_await f({"a", "b"}); }
Task<int> a() { T t{co_await f()}; }
Task<int> a() { co_return T{.a = co_await f()}; }
Task<int> a() { auto r = c ? co_await f() : 1; }
Task<int> a() { for (auto x : co_await f()) { use(x); } }
Task<int> a() { if (auto r = co_await f({}); !r) { co_return 1; } }
Task<int> a() { if (!x) co_return co_await f(T{}); }
Task<int> a(Options o = {});
Task<int> a() { while (co_await f(T{1})) { } }
auto a = [this](int n) -> Task<int> { co_return co_await f(T{n}); };
Task<int> a() { spawn([x] { co_await f({x}); }); }
Task<int> a() { co_await f([=](int n) -> std::pair<int, int> { return {n, x}; }); }
Task<int> a() { std::vector<int> v = {co_await f(), 2}; }
Task<int> a() { co_await f(std::chrono::seconds{5}); }
Task<int> a() { auto r = co_await [x]() -> Task<int> { co_return x; }(); }
"""


def self_test():
    failed = False
    for line, message in check_text(GOOD):
        print(f"self-test: safe, but refused ({message}): {GOOD.splitlines()[line - 1]}")
        failed = True
    for line in filter(None, BAD.splitlines()):
        if not check_text(line):
            print(f"self-test: unsafe, but not found: {line}")
            failed = True
    return failed


def main():
    arguments = sys.argv[1:]
    if "--self-test" in arguments:
        return self_test()
    found = False
    for path in [Path(name).resolve() for name in arguments] or files():
        for line, message in check_text(path.read_text(errors="replace")):
            print(f"{os.path.relpath(path, ROOT)}:{line}: {message}")
            found = True
    if not found:
        print("no unsafe co_await")
    return found


if __name__ == "__main__":
    sys.exit(main())
