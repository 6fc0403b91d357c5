"""What is kept and for how long, and the guard against a database that was turned back."""

from campaigns.keeping.guard import beat, is_turned_back, may_send
from campaigns.keeping.tidy import tidy_up
from campaigns.models.keeping import open_halt

__all__ = ["beat", "is_turned_back", "may_send", "open_halt", "tidy_up"]
