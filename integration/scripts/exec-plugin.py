"""Keeps the bodies that it gets, which are numbers, in a file, one on each line. With an interval, it dies once before it
stores each number that the interval divides, and once after it has stored the one in the middle between two of them."""

import json
import os
import signal
import sys

path, interval = sys.argv[1], int(sys.argv[2])


def die_once(number, remainder):
    if interval == 0 or number % interval != remainder:
        return
    mark = f"{path}.died-{number}"
    if not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)


with open(path + ".pid", "w") as f:
    f.write(str(os.getpid()))
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    event = json.loads(line)
    number = event["body"]["message"]
    die_once(number, 0)
    with open(path, "a") as f:
        f.write(f"{number}\n")
    die_once(number, interval // 2)
    print(json.dumps({"seq": event["seq"]}), flush=True)
