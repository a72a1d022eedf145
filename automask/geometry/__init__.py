"""The shape of a room: camera, planes, and what a small net sees of its surfaces."""
