"""From regions to the finished picture: crop, paint, composite, edit after edit."""
