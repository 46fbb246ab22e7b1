"""Puts events with the real pop-evbus: idem-put.py ACCT_FILE < EVENTS

EVENTS are JSON Lines {"profile", "body"}; each body goes through hub.evbus.broker.put as it is. Returns when
all have been published; an event that could not be is in the log on stderr.
"""
import asyncio
import json
import sys

import pop.hub


async def put_all(hub, acct_file, lines):
    contexts = await hub.evbus.acct.profiles(acct_file=acct_file)
    listener = asyncio.create_task(hub.evbus.init.start(contexts))
    await hub.evbus.init.join()
    for line in lines:
        event = json.loads(line)
        await hub.evbus.broker.put(body=event["body"], profile=event["profile"])
    await hub.evbus.init.stop()
    await listener


def main():
    hub = pop.hub.Hub()
    hub.pop.sub.add(dyne_name="evbus")
    hub.pop.config.load(["evbus", "acct", "rend"], cli="evbus", parse_cli=False)
    asyncio.run(put_all(hub, sys.argv[1], sys.stdin.readlines()))


if __name__ == "__main__":
    main()
