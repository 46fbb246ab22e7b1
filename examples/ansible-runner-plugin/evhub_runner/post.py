"""One POST that ends in time, whatever the other side does."""

import http.client
import json
import socket
import threading

from .errors import EvhubError

_MOST = 1 << 20  # of an answer


def post(settings, body):
    """Post body, and return when evhub has accepted it. All else is an EvhubError, after the timeout at the latest.

    A timeout of a socket is for each read alone, and the look-up of a name has none. So the work is done by a thread
    that is left alone when the time is up; its connection is closed, which ends it.
    """
    attempt = _Attempt(settings, body)
    try:
        attempt.start()
    except RuntimeError as error:  # there are too many threads, or Python is about to end
        raise EvhubError("%s: %s" % (attempt.where, error)) from None
    attempt.join(settings.timeout)
    if attempt.is_alive():
        attempt.abandon()
        raise EvhubError("no answer from %s within %g s" % (attempt.where, settings.timeout))
    if attempt.error is not None:
        raise EvhubError("%s: %s" % (attempt.where, " ".join(str(attempt.error).split())))


class _Attempt(threading.Thread):
    def __init__(self, settings, body):
        super().__init__(name="evhub", daemon=True)
        self._settings, self._body = settings, body
        self.where = settings.socket or "%s:%s" % (settings.parts.hostname, settings.parts.port or settings.parts.scheme)
        self.error = None
        self._connection = None

    def run(self):
        try:
            self._connection = _connect(self._settings)
            self.error = self._exchange()
        except Exception as error:  # whatever it is, it is said
            self.error = str(error) or type(error).__name__
        finally:
            if self._connection is not None:
                self._connection.close()

    def _exchange(self):
        """Return what is wrong with the answer."""
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if self._settings.token:
            headers["Authorization"] = "Bearer " + self._settings.token
        self._connection.request("POST", self._settings.path, self._body, headers)
        answer = self._connection.getresponse()
        text = answer.read(_MOST)
        if 200 <= answer.status < 300:
            return None
        return "%d %s%s" % (answer.status, answer.reason, _reason(text))

    def abandon(self):
        """End the connection under the hands of the thread."""
        sock = getattr(self._connection, "sock", None)
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has just ended by itself


def _connect(settings):
    patience = 2 * settings.timeout  # the thread is abandoned before; this is for what abandoning does not reach
    if settings.socket:
        return _UnixConnection(settings.socket, patience)
    kind = http.client.HTTPSConnection if settings.parts.scheme == "https" else http.client.HTTPConnection
    return kind(settings.parts.hostname, settings.parts.port, timeout=patience)


def _reason(text):
    """Return what evhub says of a refusal."""
    try:
        answer = json.loads(text)
        if "receipts" in answer and "error" not in answer:
            return ": " + json.dumps(answer["receipts"])[:300]
        return ": " + str(answer["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return ""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
