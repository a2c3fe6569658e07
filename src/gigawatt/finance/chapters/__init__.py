"""The chapters of the books: each adds the lines and postings of one subject."""
