"""The text in which Prometheus reads numbers (format 0.0.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

PREFIX = "calendar_admin_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


Sample = tuple[Mapping[str, str], float]  # labels, value


@dataclass(frozen=True, slots=True)
class Metric:
    """One name with its samples."""

    name: str
    kind: str
    meaning: str
    samples: Sequence[Sample]


def gauge(name: str, meaning: str, samples: Iterable[Sample]) -> Metric:
    """Return a number that may rise and fall."""
    return Metric(PREFIX + name, "gauge", meaning, list(samples))


def counter(name: str, meaning: str, samples: Iterable[Sample]) -> Metric:
    """Return a number that never falls."""
    return Metric(PREFIX + name, "counter", meaning, list(samples))


def seconds(later: datetime, earlier: datetime) -> float:
    """Return the time from one to the other, to the millisecond."""
    return round((later - earlier).total_seconds(), 3)


def written(metrics: Iterable[Metric]) -> str:
    """Return the page."""
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterable[str]:
    yield f"# HELP {metric.name} {metric.meaning}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for labels, value in metric.samples:
        yield f"{metric.name}{_labels(labels)} {value:.15g}"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
