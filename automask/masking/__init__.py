"""From a plan to regions: every mask of a photo, made before anything is painted."""
