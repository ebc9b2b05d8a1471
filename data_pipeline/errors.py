"""The one exception that a user causes: the command line prints it as one line and exits with code 2."""


class InputError(Exception):
    """Something given to V-Lens is not what it must be; the message names it and says what was expected."""
