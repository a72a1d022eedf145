"""The camera."""

import math

import bpy
from mathutils import Matrix, Vector


def setup_camera(cam, look, lens, eye, size, shift):
    cd = bpy.data.cameras.new("cam")
    cd.lens, cd.sensor_width, cd.clip_start = lens, 36, 0.02
    ob = bpy.data.objects.new("cam", cd)
    bpy.context.scene.collection.objects.link(ob)
    d = Vector((look[0] - cam[0], look[1] - cam[1], 0)).normalized()
    ob.matrix_world = Matrix.Translation((cam[0], cam[1], eye)) @ d.to_track_quat("-Z", "Z").to_matrix().to_4x4()
    # level camera: track to the horizon, then slide the picture down a little (a shift lens)
    ob.rotation_euler = (math.pi / 2, 0, math.atan2(d.y, d.x) - math.pi / 2)
    ob.location = (cam[0], cam[1], eye)
    cd.shift_y = shift
    bpy.context.scene.camera = ob
