"""Stage 1, compose: what staff do. Write events, queue sends, move, release, pause, resume, cancel, retry, test."""

from campaigns.pipeline.compose.actions import Verb
from campaigns.pipeline.compose.doubts import Verdict, decide_doubts, verdicts
from campaigns.pipeline.compose.errors import NotPossibleError, StaleEventError
from campaigns.pipeline.compose.events import duplicate_event, free_event_id, save_event
from campaigns.pipeline.compose.queue import LeaveOut, choose_audience, draft, queue, start_small
from campaigns.pipeline.compose.raw_events import (
    Reading,
    UnreadableError,
    person_of,
    read_event,
    save_raw_event,
)
from campaigns.pipeline.compose.steer import (
    cancel,
    decline,
    move,
    pause,
    release,
    resume,
    retry_failed,
)
from campaigns.pipeline.compose.templates import (
    StaleTemplateError,
    archive_template,
    duplicate_template,
    restore_template,
    save_template,
    webhook_of,
)
from campaigns.pipeline.compose.trial import (
    MOST_PEOPLE,
    draft_test,
    entries_by_tests,
    forget_recipient,
    save_recipients,
    send_test,
)

__all__ = [
    "MOST_PEOPLE",
    "LeaveOut",
    "NotPossibleError",
    "Reading",
    "StaleEventError",
    "StaleTemplateError",
    "UnreadableError",
    "Verb",
    "Verdict",
    "archive_template",
    "cancel",
    "choose_audience",
    "decide_doubts",
    "decline",
    "draft",
    "draft_test",
    "duplicate_event",
    "duplicate_template",
    "entries_by_tests",
    "forget_recipient",
    "free_event_id",
    "move",
    "pause",
    "person_of",
    "queue",
    "read_event",
    "release",
    "restore_template",
    "resume",
    "retry_failed",
    "save_event",
    "save_raw_event",
    "save_recipients",
    "save_template",
    "send_test",
    "start_small",
    "verdicts",
    "webhook_of",
]
