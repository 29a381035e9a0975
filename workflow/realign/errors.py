"""The exception for wrong input, whose message says what is wrong and where."""


class InputError(Exception):
    """A mistake in a file or the config; the message is one sentence that names the file, line or key."""
