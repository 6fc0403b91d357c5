"""Who gets an event: rules (the tree), compile (tree to queryset), explain (why is this person in or out)."""
