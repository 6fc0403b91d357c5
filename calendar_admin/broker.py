"""What Redis, as the broker, needs besides: a worker that could not acknowledge a message goes on all the same."""

from typing import Any

from kombu.transport import redis, virtual


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


def mend() -> None:
    """Let every connection to Redis count like this."""
    redis.Channel.QoS = QoS
