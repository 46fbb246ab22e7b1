"""Delivers events to an SQLite database: a program for evhub's provider exec. Standard library only."""

import json
import sqlite3
import sys


def answer(**what):
    """Only answers go to standard output; what is for people goes to standard error, which evhub logs."""
    print(json.dumps(what), flush=True)


def store(database, event):
    """An event that comes again, because evhub did not get the answer to it, is known by its id."""
    guest = event["body"]["message"]
    if not guest.get("name"):
        raise ValueError("a guest needs a name")  # and never will have one
    with database:
        database.execute("INSERT OR IGNORE INTO guests VALUES (?, ?, ?)", (event["id"], guest["name"], event["time"]))


def main(path):
    try:
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE IF NOT EXISTS guests (id TEXT PRIMARY KEY, name TEXT, time TEXT)")
    except sqlite3.Error as e:
        answer(error=f"{path}: {e}")  # evhub tries again later
        return
    answer(ready=True)
    for line in sys.stdin:
        event = json.loads(line)
        try:
            store(database, event)
        except (ValueError, KeyError, TypeError, AttributeError) as e:
            answer(seq=event["seq"], error=str(e), permanent=True)  # becomes a dead letter
        except sqlite3.Error as e:
            answer(seq=event["seq"], error=str(e), retry_after="1s")  # is tried again
        else:
            answer(seq=event["seq"])


if __name__ == "__main__":
    main(sys.argv[1])
