"""Where the settings of the plugin come from: env/settings of the run, and the environment, which wins."""

import os
from urllib.parse import urlsplit

from .errors import EvhubError


class Settings:
    """The settings of one run."""

    def __init__(self, get):
        self.url = get("url")
        self.token = _word("token", get("token"))
        self.timeout = _seconds(get("timeout") or 5)
        self.on_error = get("on_error") or "log"
        self.drop_env = _truth("drop_env", get("drop_env"))
        self.wait = _truth("wait", get("wait"))
        if self.on_error not in ("log", "fail"):
            raise EvhubError("evhub_on_error is %r: want log or fail" % (self.on_error,))
        try:
            self.socket, self.parts, self.path = _target(self.url, self.wait, self.timeout)
        except ValueError as error:  # urllib.parse, which quotes no more than the port
            raise EvhubError("evhub_url: %s" % error) from None

    @classmethod
    def of(cls, runner_config):
        """Return the settings of a run, or None if it does not want the plugin."""
        given = getattr(runner_config, "settings", None) or {}

        def get(name):
            return os.environ.get("EVHUB_" + name.upper()) or given.get("evhub_" + name)

        return cls(get) if get("url") else None


def _target(url, wait, timeout):
    """Return the path of a unix socket or None, the parts of an URL or None, and the path of the request."""
    path = "/v1/runner"
    if url.startswith("unix:") or url.startswith("/"):
        socket, parts = url[5:] if url.startswith("unix:") else url, None
    else:
        socket, parts = None, urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise EvhubError("evhub_url: want unix:/path/of/evhub.sock or http://host:port")
        if parts.path not in ("", "/"):
            path = parts.path
    if wait:  # an answer that comes a little before the plugin gives up says more than none
        path += "?wait=true&timeout=%dms" % (timeout * 900)
    return socket, parts, path


def _word(name, value):
    """Return a text that fits into a header. What http.client says of one that does not would quote it."""
    text = str(value or "").strip()
    if not (text.isascii() and text.isprintable()):
        raise EvhubError("evhub_%s has characters that no header can have" % name)
    return text


def _seconds(value):
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0
    if not 0 < seconds < 3600:
        raise EvhubError("evhub_timeout is %r: want seconds" % (value,))
    return seconds


def _truth(name, value):
    if isinstance(value, bool) or value is None:
        return bool(value)
    text = str(value).lower()
    if text in ("true", "yes", "1"):
        return True
    if text in ("false", "no", "0"):
        return False
    raise EvhubError("evhub_%s is %r: want true or false" % (name, value))
