"""Receives with libzmq until standard input ends, and prints a line of JSON for the endpoint and then for each message."""

import argparse
import json
import os
import sys
import threading

import zmq
from zmq.auth.thread import ThreadAuthenticator

parser = argparse.ArgumentParser()
parser.add_argument("socket", choices=["PULL", "SUB"])
parser.add_argument("endpoint")
parser.add_argument("--connect", action="store_true")
parser.add_argument("--subscribe", action="append", default=[])
parser.add_argument("--plain", metavar="USER:PASSWORD")
args = parser.parse_args()

context = zmq.Context()
socket = context.socket(getattr(zmq, args.socket))
if args.plain:
    user, password = args.plain.split(":")
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_plain(passwords={user: password})
    socket.plain_server = True
for prefix in args.subscribe:
    socket.subscribe(prefix)
if args.connect:
    socket.connect(args.endpoint)
else:
    socket.bind(args.endpoint)
print(json.dumps({"endpoint": socket.last_endpoint.decode().rstrip("\0")}), flush=True)


def receive():
    while True:
        frames = socket.recv_multipart()
        print(json.dumps({"frames": [f.decode() for f in frames]}), flush=True)


threading.Thread(target=receive, daemon=True).start()
sys.stdin.read()
os._exit(0)
