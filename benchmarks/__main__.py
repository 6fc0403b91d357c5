"""`make bench`: every benchmark, one after the other."""

from benchmarks import dryrun, importing, liquid, pages, segments

liquid.main()
print()
dryrun.main()
print()
importing.main()
print()
segments.main()
print()
pages.main()
