"""Reads what evhub sends of events in several formats, and says what Idem's serializers and the CloudEvents library think
of it: check-formats.py < LINES

LINES are JSON Lines {"id", "profile", "idem", "msgpack", "structured", "binary"}: bodies in hexadecimal, of which msgpack may
be missing, and HTTP messages {"headers", "body"}. Prints a line for each disagreement, and the number of lines at last.
"""
import json
import sys

import pop.hub
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat


def event(message):
    return from_http(HTTPMessage(message["headers"], bytes.fromhex(message["body"])), JSONFormat())


def differences(hub, line):
    idem = bytes.fromhex(line["idem"])
    envelope = json.loads(idem)
    yield "json", hub.serial.json.dump(envelope), idem
    if line.get("msgpack"):
        packed = bytes.fromhex(line["msgpack"])
        yield "msgpack", hub.serial.msgpack.dump(envelope), packed
    structured, binary = event(line["structured"]), event(line["binary"])
    for mode, e in ("structured", structured), ("binary", binary):
        yield mode + " type", line["profile"], e.get_type()
        yield mode + " id", line["id"], e.get_id()
        yield mode + " run name", envelope["run_name"], e.get_extension("runname")
        yield mode + " content type", "application/json", e.get_datacontenttype()
        yield mode + " data", envelope["message"], e.get_data()
    yield "times", structured.get_time(), binary.get_time()
    yield "tags", envelope["tags"], json.loads(structured.get_extension("tags") or "{}")


def main():
    hub = pop.hub.Hub()
    hub.pop.sub.add(dyne_name="serial")
    lines = 0
    for text in sys.stdin:
        line = json.loads(text)
        lines += 1
        for what, want, got in differences(hub, line):
            if want != got:
                print(f"{line['profile']} {line['id']}: {what}: want {ascii(want)}, got {ascii(got)}")
    print(lines)


if __name__ == "__main__":
    main()
