"""`python -m benchmarks.engine [people] [rounds]`: every measurement of the engine as a table, and as JSON."""

import json
import os
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.engine import runs

RATE, BURST = 100, 10
RESULTS = Path(os.environ.get("BENCH_RESULTS", "data/benchmarks/engine.json"))


def medians(rounds: Iterable[tuple[float, ...]]) -> list[float]:
    """The median of each column."""
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def main(people: int = 50_000, rounds: int = 3) -> None:
    """Measure one thing after the other, and keep what is known after each."""
    results: dict[str, object] = {}

    def tell(name: str, text: str, **values: object) -> None:
        print(f"{name:<46}{text}", flush=True)
        results[name] = values
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2))

    on_postgresql = os.environ.get("DATABASE_URL", "").startswith("postgres")
    print(
        f"The engine on {'PostgreSQL' if on_postgresql else 'SQLite and message files'}, {rounds} rounds, medians\n"
    )
    if not on_postgresql:
        [(engine,)] = [medians(runs.one_worker(people=people // 2, rounds=rounds))]
        tell("one worker", f"{engine:>10,.0f}/s", engine=engine)
        return
    engine, plain = medians(runs.two_workers(people=people, few=2_000, rounds=rounds))
    tell(
        "two workers, beside a task for each person",
        f"{engine:>10,.0f}/s{plain:>10,.0f}/s{engine / plain:>8.1f} x",
        engine=engine,
        task_for_each=plain,
    )
    engine, loop, uvloop = medians(runs.one_process(people=people, rounds=rounds))
    tell(
        "one process, beside a bare loop (asyncio)",
        f"{engine:>10,.0f}/s{loop:>10,.0f}/s{engine / loop:>8.0%}   (on uvloop {uvloop:,.0f}/s: {engine / uvloop:.0%})",
        engine=engine,
        bare_loop=loop,
        bare_loop_uvloop=uvloop,
    )
    engine, threads = medians(runs.slow_answers(people=people // 2, rounds=rounds))
    tell(
        "answers after 50 ms, beside 64 threads",
        f"{engine:>10,.0f}/s{threads:>10,.0f}/s{engine / threads:>8.1f} x",
        engine=engine,
        threads=threads,
    )
    paced = runs.on_a_limit(rate=RATE, burst=BURST, seconds=60)
    tell(
        f"on a limit of {RATE}/s, four workers, 60 s",
        f"{paced.share:>10.1%}   at most {paced.most_in_a_second} in a second (limit and burst: {RATE + BURST})",
        **paced._asdict(),
    )
    for size in (people // 5, people * 2, people * 20):
        sent = runs.long_send(people=size)
        slowest, fastest = max(sent.per_100k), min(sent.per_100k)
        tell(
            f"a send of {size:,}, two workers",
            f"{sent.seconds:>10,.1f} s   per 100,000 {fastest:.1f} to {slowest:.1f} s   peak {sent.peak_mb:,.0f} MB",
            **sent._asdict(),
        )
    seconds = runs.freeze(people=people * 20)
    tell(f"freeze {people * 20:,}", f"{seconds:>10,.1f} s", seconds=seconds)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
