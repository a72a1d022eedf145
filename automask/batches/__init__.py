"""Many photos: which there are, which are done already, who works on them, and how each ended."""
