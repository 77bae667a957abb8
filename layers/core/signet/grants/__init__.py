"""Grant types: one file and one row of the table each."""
