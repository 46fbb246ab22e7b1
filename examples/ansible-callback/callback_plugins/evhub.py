"""Hands the result of every task to evhub, which delivers it to whatever its acct file says.

It is configured by plugin_config.ini beside it: see README.md. It never fails a play: what could not be handed over is
a warning, and counted at the end.
"""

from __future__ import annotations

import base64
import configparser
import http.client
import json
import os
import socket
import ssl
import time
import uuid
from urllib.parse import urlsplit

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar

DOCUMENTATION = r"""
name: evhub
type: notification
short_description: hands the result of every task to evhub
description:
  - Posts the result of every task as an event to C(evhub serve), over a unix socket or HTTP.
  - Configured by C(plugin_config.ini) beside the plugin, extra vars and variables of the play.
"""

# What the section [inputs] may hold. Variables of the same names win.
INPUTS = {
    "callback_url": "",
    "username": "",
    "password": "",
    "validate_certs": "true",
    "profile": "ansible-task",
    "timeout": "5",
    "send_skipped": "false",
    "variable_prefix": "",
}

# After so many failures in a row, so many seconds without another attempt: a play is not to wait at each task.
FAILURES, PAUSE = 3, 30


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "evhub"

    def __init__(self):
        super().__init__()
        self._ini, self._outputs = self._read_ini(os.path.join(os.path.dirname(__file__), "plugin_config.ini"))
        self._inputs = self._ini
        self._playbook = self._play = ""
        self._results = self._lost = self._failures = 0
        self._paused_until = 0.0

    def _read_ini(self, path):
        ini = configparser.ConfigParser(interpolation=None)
        ini.optionxform = str  # names of outputs are as they are written
        try:
            ini.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            self._warn(f"{path} cannot be read: {type(error).__name__}")  # the text of the error may quote a password
        inputs, outputs = dict(INPUTS), {"state": "state", "task_name": "task_name", "task_output": "task_output"}
        for name, value in ini["inputs"].items() if ini.has_section("inputs") else ():
            if name in INPUTS:
                inputs[name] = value
            else:
                self._warn(f"{path}: [inputs] has no {name}")
        if ini.has_section("outputs"):
            outputs = dict(ini["outputs"])
        return inputs, outputs

    def v2_playbook_on_start(self, playbook):
        self._playbook = os.path.basename(getattr(playbook, "_file_name", "") or "")

    def v2_playbook_on_play_start(self, play):
        self._play = play.get_name()
        self._inputs = {**self._ini, **self._variables(play)}
        if not self._inputs["callback_url"]:
            self._warn("no callback_url in plugin_config.ini, extra vars or the play: results are handed to nobody")

    def _variables(self, play):
        """The inputs among the variables of the play, of which extra vars win."""
        variables = play.get_variable_manager().get_vars(play=play)
        templar = Templar(loader=play.get_loader(), variables=variables)
        prefix, found = self._ini["variable_prefix"], {}
        for name in INPUTS:
            if prefix + name not in variables or name == "variable_prefix":
                continue
            try:
                found[name] = str(templar.template(variables[prefix + name]))
            except Exception as error:  # whatever a template raises
                self._warn(f"the variable {prefix}{name} is not used: {type(error).__name__}")
        return found

    def v2_runner_on_ok(self, result):
        self._hand_over(result, "success", "changed" if result._result.get("changed") else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._hand_over(result, "failed", "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result):
        self._hand_over(result, "failed", "unreachable")

    def v2_runner_on_skipped(self, result):
        if boolean(self._inputs["send_skipped"], strict=False):
            self._hand_over(result, "skipped", "skipped")

    def v2_playbook_on_stats(self, stats):
        if self._lost:
            self._warn(f"{self._lost} of {self._results} results were not handed over")

    def _hand_over(self, result, state, outcome):
        if not self._inputs["callback_url"]:
            return
        self._results += 1
        if time.monotonic() < self._paused_until:
            self._lost += 1
            return
        try:
            self._post(json.dumps(self._event(result, state, outcome)).encode())
            self._failures = 0
        except Exception as error:  # a play goes on, whatever happens here
            self._lost += 1
            self._failures += 1
            if self._failures >= FAILURES:
                self._failures, self._paused_until = 0, time.monotonic() + PAUSE
            self._warn(f"a result was not handed over: {self._describe(error)}")

    def _event(self, result, state, outcome):
        """An event as evhub takes it. The result is one from which Ansible has taken what no_log hides."""
        output = self._dump_results(result._result)
        values = {
            "state": state,
            "task_name": result.task_name,
            "task_output": output,
            "task_result": json.loads(output),
            "task_action": result._task.action,
            "outcome": outcome,
            "host": result._host.get_name(),
            "play": self._play,
            "playbook": self._playbook,
        }
        for source in self._outputs.keys() - values.keys():
            self._warn(f"[outputs] has {source}, which is none of {', '.join(values)}")
            del self._outputs[source]
        tags = ("state", "outcome", "host", "task_name", "task_action", "play", "playbook")
        return {
            "profile": self._inputs["profile"],
            "body": {name: values[source] for source, name in self._outputs.items()},
            "tags": {name: values[name] for name in tags},
            "run_name": self._playbook,
            "id": str(uuid.uuid4()),
        }

    def _post(self, body):
        headers = {"Content-Type": "application/json", **self._authorization()}
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise ValueError("the password has characters that no header can have")  # what http.client says would quote it
        connection, path = self._connection()
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read(2000).decode("utf-8", "replace")
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, text)

    def _connection(self):
        url, timeout = self._inputs["callback_url"], float(self._inputs["timeout"])
        if url.startswith("unix:"):
            return UnixConnection(url[len("unix:"):], timeout), "/v1/events"
        parts = urlsplit(url)
        path = (parts.path.rstrip("/") or "/v1/events") + (f"?{parts.query}" if parts.query else "")
        if parts.scheme == "http" and parts.hostname:
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout), path
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("callback_url is neither unix:/path/of/socket nor http:// or https:// with a host")
        context = ssl.create_default_context()
        if not boolean(self._inputs["validate_certs"]):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context), path

    def _authorization(self):
        """Basic with a username; with a password alone that is the token of evhub serve."""
        username, password = self._inputs["username"], self._inputs["password"]
        if username:
            return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}
        return {"Authorization": f"Bearer {password.strip()}"} if password else {}

    def _describe(self, error):
        text = f"{type(error).__name__}: {error}"
        for secret in (self._inputs["password"], self._authorization().get("Authorization", "")):
            if secret:
                text = text.replace(secret, "[secret]")
        return text

    def _warn(self, text):
        self._display.warning(f"evhub: {text}")


class Refused(Exception):
    """evhub has answered, and did not take the event."""

    def __init__(self, status, text):
        try:
            text = json.loads(text)["error"]
        except (ValueError, KeyError, TypeError):
            pass
        super().__init__(f"{status} {text}"[:300])


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
