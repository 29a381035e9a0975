"""The one exception that means: the input is wrong, and the message says where and how."""


class InputError(Exception):
    """A mistake in a file or the configuration, told in one sentence that names file, line or key."""
