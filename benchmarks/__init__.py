"""The speed of what the product exists for, beside its peers, in one run."""
