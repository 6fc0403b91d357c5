"""Where a broker of kombu's hurts a worker: an acknowledgement that never arrives, a message file half written."""

from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem, redis, virtual
from kombu.utils.json import dumps


class QoS(redis.QoS):
    """Counts the messages that a worker has in hand.

    Kombu counts a message as long as Redis has not taken its acknowledgement. Where the connection is lost just then,
    that is for ever: a worker takes one at a time, so it never hears of anything again. Here it counts as done. Redis
    hands it out once more after `visibility_timeout`, which is one wake-up too many and does no harm.
    """

    def ack(self, delivery_tag: Any) -> None:
        """Acknowledge a message; raise what Redis raises, but let go of it."""
        try:
            super().ack(delivery_tag)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:  # noqa: FBT001, FBT002  # kombu's own
        """Reject a message, in the same way."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise


class FileChannel(filesystem.Channel):
    """Puts messages into files that are whole as soon as they have their name.

    Kombu names the file first and fills it then. A worker that comes between the two reads half a message, and dies.
    """

    def _put(self, queue: str, message: Any, **_options: Any) -> None:  # type: ignore[override]  # as kombu calls it
        name = f"{round(monotonic() * 1_000)}_{uuid4()}.{queue}.msg"
        unfinished = Path(self.data_folder_out, f"{name}.unfinished")
        try:
            unfinished.write_text(dumps(message))
            unfinished.rename(unfinished.with_name(name))
        except OSError as fault:
            raise ChannelError(f"Cannot add the message file {name}: {fault.strerror}") from fault


def mend() -> None:
    """Let every connection to Redis, or to files, work like this."""
    redis.Channel.QoS = QoS
    filesystem.Transport.Channel = FileChannel
