"""What cannot be done, in words for staff."""


class NotPossibleError(Exception):
    """The action does not fit what the thing is now; the message says so to staff."""


class StaleEventError(NotPossibleError):
    """Somebody else has saved the event since this form was opened."""
