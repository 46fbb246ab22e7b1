#!/usr/bin/env python3.11
"""Writes what Python answers: glob.jsonl, regex.jsonl and unicode.json beside this file.

glob.jsonl and regex.jsonl have a pattern per line: {"pattern", "yes": [names], "no": [names]}. In regex.jsonl
"error" stands instead of the names if re.compile refuses the pattern, and "refused" says what evhub must refuse although
Python does not. The seed is fixed: the same Python writes the same files.
"""

import fnmatch
import json
import pathlib
import random
import re
import sys
import unicodedata
import warnings
from re import _constants as op
from re import _parser as parser

HERE = pathlib.Path(__file__).parent
NAMES = [
    "", "idem-status", "idem-run", "idem", "IDEM-STATUS", "idem/status", "idem.status", "a\nb", "a\n", "\n", "a*b",
    "a\\b", "[a]", "^", "!", "-", "a-c", "b", "]", "x]", "{a,b}", "ab", "ünï", "日本", "٣", "_", " ", "\u00a0", "\x1f",
    "K", "\u212a", "ſ", "s", "İ", "ı", "ß", "ẞ", "\U0001f600", "\ufffd", "\x00", "a" * 30, "&&", "||", "~~",
]
GLOB_ALPHABET = list("aabbc-![]]^*?\\{},&|~.\n/ü日") + ["[a-c]", "[!a", "[z-a", "--", "&&", "||", "[]", "[!]", "**"]
REGEX_ALPHABET = (
    list("aabbcAkKsi-[]]^$*?+(){},|.\\:\n ü日#&~_1") + [
        "(?:", "(?i:", "(?i)", "(?s)", "(?m)", "(?x)", "(?a)", "(?-i:", "(?P<n>", "(?#c)", "[^", "[a-c", "[]", "{2}",
        "{,2}", "{1,}", "{0}", "{,}", "{2,1}", "{a}", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "\\A", "\\Z", "\\b", "\\x61",
        "\\u0131", "\\n", "\\.", "\\141", "\\0", "\\-", ".*", "(a|b)", "(?=", "(?>", "a+", "b*", "||", "--",
    ])
REGEX_PATTERNS = [
    "idem-.*", "idem-*", "(?i)idem-.*", "^idem-(run|status)$", r"\d+", r"\w+", r"\s", r"[^\W\d]+", r"[\s\S]*", "a$", "a$|b$",
    "(?m)a$\n^b", "(?s)a.b", "a.b", "a{,2}", "a{2,}", "a{,}", "a{}", "{", "{a}", "x{a", "[]a]", "[^]a]", "[a-]", "[-a]", "[a[]",
    "[[]", "[a||b]", "(?x) a b # c", "(?x:a b) c", "(?P<n>a)b", "(?#x)a", "a(?#x)+", "(?:a|ab)(?:c|bcd)?", "(?:|a)+", "(a*)*",
    "(?i)k", "(?i)[k]", "(?i)[^k]", "(?i)s", "(?i)i", "(?i)ß", "(?ia)k", "(?ia)[a-z]", r"(?a)\w", r"(?a)\d", r"(?a)\s",
    r"(?i)[\w-]", r"\x61\u0062\U00000063", r"\141\60\0", r"[\b]", r"\ud800", r"[\ud800-\udfff]", "(?i:A)b", "(?i)a(?-i:b)",
    "(?s:.)", "(?-s:.)", "\\\n", r"\é", r"(?#\)a)b", r"(a)|b\Z", r"\Aa", "a|", "|a", "()", "(?:)*", "(?:^)*a", "a{0}", "a{0,0}b",
    "(?u)a", "(?x)(?i)A", r"(?a)(?u:\w)", r"(?u)(?a:\w)", r"(?a:(?u:\w)\w)",
    "a**", "a{2}{3}", "*a", "^*", "(?:a", "a)", "[a", "a\\", r"\z", r"\Qa\E", r"\pL", r"\C", "(?U)a",
    "(?<n>a)", "a(?i)b", "(?P<1>a)", "(?P<n>a)(?P<n>b)", "[z-a]", r"[\d-a]", r"\x1", r"\u12", r"\U00110000", r"\400", r"[\8]",
    "(?L)a", "(?au)a", "(?i-i:a)", "(?z)", "(?", "(?P", "(?-a:x)", "(?i", "a{5,2}", "(?)a",
    "(?=a)a", "(?!a)b", "(?<=a)b", "(?<!a)b", r"\bidem\b", r"a\Bb", r"(a)\1", "(?P<n>a)(?P=n)", "(a)?(?(1)b|c)", "(?>a)b",
    "a*+", "a++", "a?+", "a{2}+", r"\N{EM DASH}", "[[:alpha:]]", "[[:^digit:]x]", "a$\n", "(a$)+", "(?t)a", "a{1001}",
    "(?i)\U00010400", "(?i)[\u0150-\U00010001]",
]


def width(data):
    """The length of the longest text that parsed items match."""
    return data.getwidth()[1]


def refusal(tree, multiline, last=True):
    """Why evhub refuses a pattern that Python takes, or None; last: nothing but empty text can follow."""
    for code, arg in reversed(list(tree)):
        if code in (op.ASSERT, op.ASSERT_NOT):
            return "look"
        if code is op.GROUPREF:
            return "backreference"
        if code is op.GROUPREF_EXISTS:
            return "condition"
        if code is op.ATOMIC_GROUP:
            return "atomic"
        if code is op.POSSESSIVE_REPEAT:
            return "possessive"
        if code is op.AT:
            if arg in (op.AT_BOUNDARY, op.AT_NON_BOUNDARY):
                return "word boundary"
            if arg is op.AT_END and not last and not multiline:
                return "`$` before"
            continue
        why = None
        if code is op.BRANCH:
            for branch in arg[1]:
                why = why or refusal(branch, multiline, last)
            wide = any(width(branch) for branch in arg[1])
        elif code is op.SUBPATTERN:
            why = refusal(arg[3], (multiline | arg[1] & re.M) & ~arg[2], last)
            wide = width(arg[3])
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT):
            wide = width(arg[2]) and arg[1]
            why = refusal(arg[2], multiline, last and (arg[1] <= 1 or not width(arg[2])))
            if arg[0] > 1000 or op.MAXREPEAT > arg[1] > 1000:
                why = why or "more than 1000"
        else:
            wide = True
        if why:
            return why
        last = last and not wide
    return None


def special_refusal(pattern):
    """Refusals that do not show in Python's tree."""
    if r"\N{" in pattern:
        return "character names"
    if re.search(r"\[:\^?[a-z]*:\]", pattern) and "[[" in pattern:
        return "POSIX"
    if "(?t)" in pattern:
        return "flag t"
    if "(?i)" in pattern and any(ord(c) > 0xFFFF and c.isalpha() or ord(c) == 0x10001 for c in pattern):
        return "beyond U+FFFF"
    return None


def mutate(rng, text, alphabet):
    chars = list(text)
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(chars) + 1)
        chars[at:at + rng.randrange(2)] = rng.choice(alphabet) if rng.randrange(4) else ""
    return "".join(chars)


def sample(rng, tree):
    """A text that the parsed pattern matches, but for anchors and flags."""
    text = ""
    for code, arg in tree:
        if code is op.LITERAL:
            text += chr(arg)
        elif code in (op.ANY, op.NOT_LITERAL):
            text += rng.choice("ab\n-ü")
        elif code is op.IN:
            text += sample_set(rng, arg)
        elif code is op.BRANCH:
            text += sample(rng, rng.choice(arg[1]))
        elif code is op.SUBPATTERN:
            text += sample(rng, arg[3])
        elif code is op.ATOMIC_GROUP:
            text += sample(rng, arg)
        elif code in (op.MAX_REPEAT, op.MIN_REPEAT):
            for _ in range(min(arg[0] + rng.randrange(3), arg[1])):
                text += sample(rng, arg[2])
    return text


def sample_set(rng, members):
    code, arg = rng.choice(members)
    if code is op.LITERAL:
        return chr(arg)
    if code is op.RANGE:
        return chr(rng.randint(*arg))
    return rng.choice("a1_ \n-Zü٣")


def names_for(rng, pattern, regex, count=5):
    """Names that match the pattern or come close, since wholly random ones hardly ever do."""
    alphabet = list("aAbBc-![]^\n ü日ſK")
    try:
        matching = [sample(rng, parser.parse(regex)) for _ in range(4)]
    except (re.error, OverflowError):
        matching = []
    matching += [name.swapcase() for name in matching[:1]]
    plain = re.sub(r"\(\?[a-zA-Z:#-]*|[*+?()\[\]{}^$|]", lambda m: rng.choice(["", "", "a", m[0]]), pattern)
    near = [mutate(rng, base, alphabet) for base in (plain, pattern, *matching[:2])]
    short = "".join(rng.choice("aAbBcks-\n ü1") for _ in range(rng.randrange(5)))
    names = {*matching, *near, short, *rng.sample(NAMES, count)}
    return sorted(n for n in names if len(n) < 100 and not re.search("[\ud800-\udfff]", n))


def record(pattern, names, match):
    found = {"yes": [], "no": []}
    for name in names:
        found["yes" if match(name) else "no"].append(name)
    return {"pattern": pattern, **found}


def glob_records(rng):
    fixed = [
        "", "*", "?", "idem-*", "[z-a!x]", "[z-a!-b]", "[!z-a]", "[a-c-e]", "[--0]", "[]-a]", "[^a]", "[!^a]", "[[-^]",
        "[[:alpha:]]", "[a-a]", "[b-bc]",
    ]
    patterns = fixed + ["".join(rng.choices(GLOB_ALPHABET, k=rng.randrange(1, 9))) for _ in range(900)]
    for pattern in dict.fromkeys(patterns):
        names = NAMES if pattern in fixed else names_for(rng, pattern, fnmatch.translate(pattern))
        yield record(pattern, names, lambda n: fnmatch.fnmatchcase(n, pattern))


def regex_record(pattern, names):
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, ValueError, RecursionError) as err:
        return {"pattern": pattern, "error": str(err)}
    why = special_refusal(pattern) or refusal(parser.parse(pattern), compiled.flags & re.M)
    if why:
        return {"pattern": pattern, "refused": why}
    return record(pattern, names, compiled.fullmatch)


def regex_records(rng):
    for pattern in REGEX_PATTERNS:
        yield regex_record(pattern, NAMES)
    good, seen = 0, set(REGEX_PATTERNS)
    while good < 700:
        pattern = "".join(rng.choices(REGEX_ALPHABET, k=rng.randrange(1, 9)))
        if pattern in seen:
            continue
        seen.add(pattern)
        found = regex_record(pattern, names_for(rng, pattern, pattern))
        if "yes" not in found and rng.randrange(8):
            continue  # most random patterns are errors; an eighth of them is enough
        good += "yes" in found
        yield found


def ranges(test):
    found, start = [], None
    for code in range(0x110001):
        inside = code < 0x110000 and not 0xD800 <= code < 0xE000 and test(chr(code))
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            found.append([start, code - 1])
            start = None
    return found


def case_equals():
    """For every cased character up to U+FFFF: all that (?i) takes for it."""
    cased = "".join(
        c for c in map(chr, range(0x10000))
        if not "\ud800" <= c < "\ue000" and (c.lower() != c or c.upper() != c or c.title() != c))
    orbits = {"".join(re.findall("(?i)" + re.escape(c), cased)) for c in cased}
    return sorted(o for o in orbits if len(o) > 1)


def write_lines(name, records):
    lines = [json.dumps(r, ensure_ascii=True, separators=(",", ":")) for r in records]
    (HERE / name).write_text("\n".join(lines) + "\n")


def main():
    warnings.simplefilter("ignore")
    write_lines("glob.jsonl", glob_records(random.Random(1)))
    write_lines("regex.jsonl", regex_records(random.Random(2)))
    tables = {letter: ranges(re.compile("\\" + letter).fullmatch) for letter in "dws"}
    tables["unassigned"] = ranges(lambda c: unicodedata.category(c) == "Cn")
    tables["cases"] = case_equals()
    (HERE / "unicode.json").write_text(json.dumps(tables, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    sys.exit(main())
