"""What staff type in, checked: the forms of our own pages and the fields they are made of."""
