"""Error classes, one for each source of a fault; the command line prints each as one line.

`exit_status` is the exit status of the process: 2 for wrong input, 1 for a failed run.
"""


class SimnetError(Exception):
    """The base of every error that a user may see. The message is one line: what, where, what was expected."""

    exit_status = 1


class InputError(SimnetError):
    """The user's input is wrong (a command-line value, a folder, a picture)."""

    exit_status = 2


class ScenarioError(InputError):
    """A scenario file is wrong; the message starts with `file:line:column: path.of.key:`."""


class PictureError(InputError):
    """A picture or a data set is missing, unreadable or of another size than asked for."""


class ModelError(InputError):
    """A codec or model is unknown, or a model's files do not match their digests."""


class OutputError(SimnetError):
    """Something cannot be written: a full or read-only disk, no permission, a limit of the system. What was written stays."""


class PluginError(InputError):
    """An installed plug-in has an unsupported interface, cannot be imported, or failed; the message names its package."""


class BitstreamError(InputError):
    """A bitstream is truncated, altered, or made by another codec or checkpoint."""


class ReferenceLostError(BitstreamError):
    """A whole frame refers to one that was not decoded; a key frame resolves it."""


class WireError(SimnetError):
    """A peer sent something that is not a valid message, or too much of it."""


class WireVersionError(WireError):
    """A peer speaks another version of the wire."""


class NodeError(SimnetError):
    """A node or its host failed, or did not answer in time."""


class HostRefusedError(NodeError):
    """A broker refused this host, for good."""


class NodeLostError(NodeError):
    """A node's host is gone and did not come back."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host, self.reason = host, reason
