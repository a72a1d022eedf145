"""The shape of a room, from one photo.

`surfaces.py` predicts normals, distances and reflectance with a small net; `perspective.py` finds the camera and the
directions of the walls (`Room`); `planes.py` splits masks into the room's planes (`RoomPlane`), whose folds `folds.py`
makes straight, and gives metric coordinates on them.
"""
