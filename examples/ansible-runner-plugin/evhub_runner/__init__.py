"""A plugin of Ansible Runner that hands each status and job event to a running `evhub serve`.

Runner calls the two functions below for every run, in the thread that reads ansible's output: what they wait, the
playbook waits.
"""

import json

from .errors import EvhubError
from .link import Link
from .settings import Settings

__all__ = ["EvhubError", "event_handler", "status_handler"]

_link = Link()


def status_handler(runner_config, data):
    """Hand over a status of the run."""
    _hand_over(runner_config, data)


def event_handler(runner_config, data):
    """Hand over a job event."""
    _hand_over(runner_config, data)


def _hand_over(runner_config, data):
    settings = Settings.of(runner_config)
    if settings is None:
        return  # every installed plugin is called for every run, also for those that do not want it
    try:
        # Here and now: Runner uses the dict again for the next line of output.
        body = json.dumps(_without_env(data) if settings.drop_env else data).encode()
    except (TypeError, ValueError) as error:
        _link.failed(settings, data, EvhubError("it is no JSON: %s" % error))
        return
    _link.send(settings, data, body)


def _without_env(data):
    return {key: value for key, value in data.items() if key != "env" or "status" not in data}
