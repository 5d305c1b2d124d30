"""Errors that end a command with one line on standard error and a fixed exit status."""


class UsageError(Exception):
    """Wrong use or unusable input: nothing was changed. The message is one line without values."""

    exit_status = 2
