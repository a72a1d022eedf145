"""From a picture to files: the outcome of an edit, its records and its previews."""
