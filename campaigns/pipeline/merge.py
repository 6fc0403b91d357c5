"""Brings two changes of one text together, line by line: what both started from, mine, and theirs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain
from typing import Final, NamedTuple

MOST_LINES: Final = 3_000  # comparing takes time that grows with the square


@dataclass(frozen=True, slots=True)
class Conflict:
    """Lines that both have changed: mine stand in the merged text from ``line`` (1 is the first) on."""

    line: int
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The text with both changes; where they cannot both be had it keeps mine, and ``conflicts`` says so."""

    text: str
    conflicts: tuple[Conflict, ...] = ()


class _Stretch(NamedTuple):
    """Lines that are the same in all three, or the lines between two such stretches."""

    base: Sequence[str]
    mine: Sequence[str]
    theirs: Sequence[str]


def merge(base: str, mine: str, theirs: str) -> Merged:
    """Return ``mine`` with what ``theirs`` changed in ``base``."""
    sides = base.split("\n"), mine.split("\n"), theirs.split("\n")
    stretches: Iterable[_Stretch]
    if base in (mine, theirs) or mine == theirs or sum(map(len, sides)) > MOST_LINES:
        stretches = [_Stretch(*sides)]
    else:
        stretches = chain.from_iterable(map(_cut, _stretches(*sides)))
    lines: list[str] = []
    conflicts: list[Conflict] = []
    for stretch in stretches:
        if stretch.mine == stretch.base:
            lines += stretch.theirs
            continue
        if stretch.theirs not in (stretch.base, stretch.mine):
            conflicts.append(Conflict(len(lines) + 1, "\n".join(stretch.mine), "\n".join(stretch.theirs)))
        lines += stretch.mine
    return Merged("\n".join(lines), tuple(conflicts))


def _stretches(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> Iterator[_Stretch]:
    """Yield all lines of the three, cut where they agree."""
    in_base = in_mine = in_theirs = 0
    for start, at_mine, at_theirs, size in _common(base, mine, theirs):
        yield _Stretch(base[in_base:start], mine[in_mine:at_mine], theirs[in_theirs:at_theirs])
        in_base, in_mine, in_theirs = start + size, at_mine + size, at_theirs + size
        same = base[start:in_base]
        yield _Stretch(same, same, same)
    yield _Stretch(base[in_base:], mine[in_mine:], theirs[in_theirs:])


def _cut(stretch: _Stretch) -> Iterator[_Stretch]:
    """Yield a stretch that both have changed line by line, where both have as many lines as there were."""
    if len({len(side) for side in stretch}) > 1:
        yield stretch
        return
    for lines in zip(*stretch, strict=True):
        yield _Stretch(*([line] for line in lines))


def _common(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield where lines of the base stand in both others: the three places, and how many lines."""
    ours = SequenceMatcher(None, base, mine, autojunk=False).get_matching_blocks()
    others = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    at = other = 0
    while at < len(ours) and other < len(others):
        first, second = ours[at], others[other]
        start = max(first.a, second.a)
        end = min(first.a + first.size, second.a + second.size)
        if start < end:
            yield start, first.b + start - first.a, second.b + start - second.a, end - start
        if first.a + first.size < second.a + second.size:
            at += 1
        else:
            other += 1
