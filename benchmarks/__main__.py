"""`make bench`: every benchmark, one after the other."""

from benchmarks import dryrun, importing, liquid

liquid.main()
print()
dryrun.main()
print()
importing.main()
