"""What the plugin raises."""


class EvhubError(Exception):
    """A status or event could not be handed over.

    It is no OSError on purpose: Runner swallows those from event handlers, and loses the event's own file with it.
    """
