"""`make bench`: every benchmark, one after the other."""

from benchmarks import dryrun, importing, liquid, pages, segments
from benchmarks.engine import __main__ as engine

liquid.main()
print()
dryrun.main()
print()
importing.main()
print()
segments.main()
print()
pages.main()
print()
engine.main()
