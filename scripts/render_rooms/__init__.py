"""Rooms with exact labels, rendered in Blender. `__main__.py` tells how to run it.

without Blender     arguments (the command line, which rooms), folder (files, stopping and going on), classes (labels),
                    colours, kitchen_plan (which units stand where), edits (what to leave out, what to recolour),
                    look (white balance, HDR), overrides, chance
the rooms           kitchen (ordinary homes), showroom (designer kitchens), living, dining, bedroom, bathroom, hall
what they hold      shell (walls, windows, doorways, ceilings), runs (what a kitchen plan says), cabinets, joinery,
                    appliances, plumbing, furniture, textiles, lighting, decor, clutter
how they look       materials (a material by its spec), finishes (the recipes), shader (graphs)
how they are shown  camera, passes, and room, which makes one room from its seed to its files

Words and letters that all of it shares: lengths are metres; the back wall is at y = D, the left one at x = 0. In the
frame of a wall x runs along it, from its right end as one faces it, and y into the room. `b` is the Builder that takes
meshes into the scene. A spec is "recipe:kind", as "wood:oak" or "paint:#98a48c". A palette has a room's specs by role,
the joinery how its doors, drawers and handles are made. `a` are the arguments. W, D and H are width, depth and height.
"""
