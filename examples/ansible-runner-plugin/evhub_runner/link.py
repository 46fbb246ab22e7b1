"""Sending, and what to do when that fails."""

import logging
import time

from .errors import EvhubError
from .post import post

_log = logging.getLogger("evhub_runner")
if not _log.handlers:
    # ansible-runner silences the root logger, so without a handler and a level of its own nobody would hear of it.
    _log.addHandler(logging.StreamHandler())
    _log.setLevel(logging.WARNING)
    _log.propagate = False

# After a timeout nothing is tried for so many times as long: a daemon that does not answer must not slow down a playbook
# by the timeout for each of its events.
_REST = 10


class Link:
    """What this process knows of the daemon."""

    def __init__(self):
        self._rest_until = 0.0
        self._missing = {}  # by ident: what was not handed over
        self._told_at = {}

    def send(self, settings, data, body):
        """Send a status or event. What fails is logged or raised, as the settings say."""
        if settings.on_error == "log" and time.monotonic() < self._rest_until:
            self._count(data)
        else:
            self._try(settings, data, body)
        self._at_end(data)

    def _try(self, settings, data, body):
        begin = time.monotonic()
        try:
            post(settings, body)
        except EvhubError as error:
            now = time.monotonic()
            if now - begin >= settings.timeout / 2:
                self._rest_until = now + _REST * settings.timeout
            self.failed(settings, data, error)

    def failed(self, settings, data, error):
        """Raise or log an error."""
        if settings.on_error == "fail":
            raise EvhubError("evhub does not have %s: %s" % (_name(data), error)) from error
        ident = self._count(data)
        if time.monotonic() - self._told_at.get(ident, -60.0) > 30:
            self._told_at[ident] = time.monotonic()
            _log.warning("evhub does not have %s: %s", _name(data), error)

    def _count(self, data):
        ident = data.get("runner_ident", "")
        self._missing[ident] = self._missing.get(ident, 0) + 1
        return ident

    def _at_end(self, data):
        """Say at the end of a run what is missing."""
        if data.get("status") not in ("successful", "failed", "canceled", "timeout", "error"):
            return
        ident = data.get("runner_ident", "")
        self._told_at.pop(ident, None)
        missing = self._missing.pop(ident, 0)
        if missing:
            _log.warning(
                "evhub does not have %d statuses and events of run %s; events are in its artifacts: "
                "evhub ingest runner --artifact-dir DIR --ident %s",
                missing,
                ident,
                ident,
            )


def _name(data):
    if "status" in data:
        return "status %s of run %s" % (data["status"], data.get("runner_ident"))
    return "event %s of run %s" % (data.get("uuid"), data.get("runner_ident"))
