"""Parts of the reference pages: what is long enough to stand in a file of its own."""
