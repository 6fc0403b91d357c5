"""`make bench`: every benchmark, one after the other."""

from benchmarks import dryrun, liquid

liquid.main()
print()
dryrun.main()
