#!/usr/bin/env python3
"""Writes golden.jsonl: what Python's json makes of floats and of JSON texts in odd spellings.

Each line is ["float", bits in hexadecimal, repr] or ["text", odd spelling, json.dumps of the value].
Run it in this folder: python3 golden.py > golden.jsonl
"""
import json
import math
import random
import struct

random.seed(20240319)


def emit(*row):
    print(json.dumps(row))


def bits_of(value):
    return struct.unpack(">Q", struct.pack(">d", value))[0]


def floats():
    for exponent in range(-30, 31):
        for digits in ("1", "1.5", "9.999999999999999", "1.2345678901234567", "-3"):
            yield float(f"{digits}e{exponent}")
    for power in range(-1074, 1024, 13):
        value = math.ldexp(1.0, power)
        yield from (value, math.nextafter(value, 0), math.nextafter(value, math.inf))
    yield from (0.0, -0.0, 5e-324, 1.7976931348623157e308, 1e16, 1e-4, math.nextafter(1e16, 0), math.nextafter(1e-4, 0))
    for _ in range(400):
        value = struct.unpack(">d", struct.pack(">Q", random.getrandbits(64)))[0]
        if math.isfinite(value):
            yield value


ALPHABETS = (
    [chr(c) for c in range(0x80)],
    [chr(c) for c in range(0x20, 0x7F)],
    list("äöüßéñ\x80\xa0\u07ff\u0800\u2028\u2029\ufeff\ufffd\uffff世界😀\U00010000\U0010ffff"),
    ["\ud800", "\udbff", "\udc00", "\udfff", "a", "\\", '"', "/"],
)


def text():
    alphabet = random.choice(ALPHABETS)
    return "".join(random.choice(alphabet) for _ in range(random.choice((0, 1, 3, 7, 8, 9, 16, 40))))


def odd_string(s):
    """A valid JSON string that means s, each character in one of its spellings."""
    out = []
    for c in s:
        code = ord(c)
        units = [code] if code < 0x10000 else [0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF)]
        escaped = "".join(random.choice(("\\u%04x", "\\u%04X")) % u for u in units)
        short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
        choices = [escaped] + ([short[c]] * 3 if c in short else [])
        if code >= 0x20 and c not in '"\\' and not 0xD800 <= code < 0xE000:
            choices += [c] * 6
        out.append(random.choice(choices))
    return '"' + "".join(out) + '"'


def gap():
    return random.choice(("", "", "", " ", "  ", "\n", "\t", "\r\n "))


def odd_value(depth):
    kind = random.randrange(8 if depth < 4 else 5)
    if kind == 0:
        return random.choice(("null", "true", "false"))
    if kind == 1:
        return str(random.choice((0, -1, 7, 2**53 + 1, 2**64, -(10**30))))
    if kind == 2:
        return repr(random.choice((0.5, -0.0, 1e16, 1e-05, 123456789.123)))
    if kind in (3, 4):
        return odd_string(text())
    items = [odd_value(depth + 1) for _ in range(random.randrange(4))]
    if kind == 5:
        return "[" + ",".join(gap() + i + gap() for i in items) + (gap() if not items else "") + "]"
    pairs = [f"{gap()}{odd_string(text() + str(n))}{gap()}:{gap()}{i}{gap()}" for n, i in enumerate(items)]
    return "{" + ",".join(pairs) + (gap() if not pairs else "") + "}"


for value in floats():
    emit("float", f"{bits_of(value):016x}", repr(value))
for _ in range(1200):
    odd = gap() + odd_value(0) + gap()
    emit("text", odd, json.dumps(json.loads(odd)))
