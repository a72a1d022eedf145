"""Pictures of a scene: the render itself, labels, reflectance, normals and depth."""

import contextlib
import math
import os
import sys
from pathlib import Path

import bpy
import cv2
import numpy as np

from render_rooms.shader import Nodes

_LUMA = np.array([0.2126, 0.7152, 0.0722])


@contextlib.contextmanager
def quiet():
    """Blender writes a line for every step to standard output: nobody sees it."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w") as sink:
        os.dup2(sink.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def render(path, fmt, size, percent, samples, denoise, filt=1.5):
    """One picture of the scene as it is now; fmt is BMP (8 bits, in the view transform) or OPEN_EXR (linear)."""
    s = bpy.context.scene
    s.render.resolution_x, s.render.resolution_y, s.render.resolution_percentage = size[0], size[1], percent
    c = s.cycles
    c.samples, c.use_denoising, c.filter_width = samples, denoise, filt
    im = s.render.image_settings
    im.file_format = fmt
    if fmt == "OPEN_EXR":
        im.color_mode, im.color_depth, im.exr_codec = "RGB", "32", "ZIP"
    else:
        im.color_mode = "RGB"
    s.render.filepath = str(path)
    with quiet():
        bpy.ops.render.render(write_still=True)


def read_exr(path):
    """[H, W, 3] float32, linear."""
    im = bpy.data.images.load(str(path))
    im.colorspace_settings.name = "Non-Color"
    a = np.empty(im.size[0] * im.size[1] * im.channels, np.float32)
    im.pixels.foreach_get(a)
    a = a.reshape(im.size[1], im.size[0], im.channels)[::-1, :, :3].copy()
    bpy.data.images.remove(im)
    return a


def setup_cycles(threads, look):
    """The renderer's settings and the look's view transform."""
    s = bpy.context.scene
    s.render.engine = "CYCLES"
    s.render.threads_mode, s.render.threads = "FIXED", threads
    c = s.cycles
    c.device, c.use_adaptive_sampling, c.adaptive_threshold, c.adaptive_min_samples = "CPU", True, 0.04, 12
    c.denoiser, c.denoising_input_passes = "OPENIMAGEDENOISE", "RGB_ALBEDO_NORMAL"
    c.max_bounces, c.diffuse_bounces, c.glossy_bounces = 6, 4, 2
    c.transmission_bounces, c.transparent_max_bounces = 2, 6
    c.caustics_reflective = c.caustics_refractive = False
    c.sample_clamp_indirect, c.blur_glossy = 6.0, 0.5
    c.use_light_tree = False  # a dozen lights: picking by power is a third faster
    s.view_settings.view_transform, s.view_settings.look = look["transform"], look["contrast"]
    s.view_layers[0].use_pass_object_index = True
    s.view_layers[0].pass_alpha_threshold = 0.0


def meter(tmp, size, key, headroom=2.0):
    """Looks at a tiny render and sets the exposure: the log-mean goes to key, four fifths stay under headroom * key."""
    s = bpy.context.scene
    s.view_settings.exposure = 0
    render(tmp, "OPEN_EXR", (size[0] // 8, size[1] // 8), 100, 24, True)
    lum = np.maximum(read_exr(tmp) @ _LUMA, 1e-5)
    high = float(np.percentile(lum, 80))
    mean = math.exp(np.log(np.clip(lum, *np.percentile(lum, (3, 97)))).mean())
    s.view_settings.exposure = min(math.log2(key / mean), math.log2(headroom * key / high))
    return s.view_settings.exposure


def codes(tmp, size, over=3):
    """[H, W] int32: the pass index of what covers most of a pixel, of over x over points in it."""
    s = bpy.context.scene
    s.use_nodes = True
    t = s.node_tree
    t.nodes.clear()
    rl, out = t.nodes.new("CompositorNodeRLayers"), t.nodes.new("CompositorNodeComposite")
    t.links.new(rl.outputs["IndexOB"], out.inputs[0])
    c = s.cycles
    flat = Nodes("flat")
    flat.put(flat.out.inputs[0], flat.n("Emission").outputs[0])
    s.view_layers[0].material_override = flat.mat
    keep = c.max_bounces, c.pixel_filter_type, c.use_adaptive_sampling
    c.max_bounces, c.pixel_filter_type, c.use_adaptive_sampling = 0, "BOX", False
    render(tmp, "OPEN_EXR", size, 100 * over, 1, False, 0.01)
    c.max_bounces, c.pixel_filter_type, c.use_adaptive_sampling = keep
    s.use_nodes, s.view_layers[0].material_override = False, None
    bpy.data.materials.remove(flat.mat)
    a = np.rint(read_exr(tmp)[..., 0]).astype(np.int32)
    h, w = size[1], size[0]
    a = a.reshape(h, over, w, over).transpose(0, 2, 1, 3).reshape(h * w, over * over)
    a.sort(axis=1)
    best, run, top = a[:, 0].copy(), np.ones(h * w, int), np.ones(h * w, int)
    for k in range(1, a.shape[1]):
        run = np.where(a[:, k] == a[:, k - 1], run + 1, 1)
        better = run > top
        best[better], top[better] = a[better, k], run[better]
    return best.reshape(h, w)


def labels(b, tmp, size):
    """Class ids [H, W] uint8 and instance ids [H, W] uint16 of the scene."""
    table = np.array(b.codes)
    index = codes(tmp, size)
    return table[index, 0].astype(np.uint8), table[index, 1].astype(np.uint16)


def surfaces(b, folder, size, samples=3):
    """Reflectance, camera-space normals, depth and class ids of what each pixel shows.

    Only the first hit counts, hence no light is needed.
    """
    s = bpy.context.scene
    lamps = [o for o in s.objects if o.type == "LIGHT"]
    for o in lamps:
        o.hide_render = True
    for m in bpy.data.materials:
        m.cycles.emission_sampling = "NONE"
    world, s.world = s.world, None
    layer, c = s.view_layers[0], s.cycles
    layer.use_pass_diffuse_color = layer.use_pass_glossy_color = layer.use_pass_normal = layer.use_pass_z = True
    s.use_nodes = True
    t = s.node_tree
    t.nodes.clear()
    rl, out = t.nodes.new("CompositorNodeRLayers"), t.nodes.new("CompositorNodeOutputFile")
    out.base_path, out.format.file_format, out.format.color_depth = str(folder), "OPEN_EXR", "32"
    out.file_slots.clear()
    names = ("DiffCol", "GlossCol", "Normal", "Depth", "IndexOB")
    for name in names:
        out.file_slots.new(name)
        t.links.new(rl.outputs[name], out.inputs[name])
    keep = c.max_bounces, c.use_adaptive_sampling
    c.max_bounces, c.use_adaptive_sampling = 0, False
    render(Path(folder) / "all.exr", "OPEN_EXR", size, 100, samples, False)
    c.max_bounces, c.use_adaptive_sampling = keep
    s.use_nodes = False
    s.world = world
    for o in lamps:
        o.hide_render = False
    for m in bpy.data.materials:
        m.cycles.emission_sampling = "AUTO"
    layer.use_pass_diffuse_color = layer.use_pass_glossy_color = layer.use_pass_normal = layer.use_pass_z = False
    read = {n: read_exr(Path(folder) / f"{n}{s.frame_current:04d}.exr") for n in names}
    diffuse, gloss = read["DiffCol"], read["GlossCol"]
    # The gloss of what is no metal reflects 4 % square-on and more aslant; a metal has no diffuse colour at all.
    metal = (gloss.max(-1) > 0.12) & (diffuse.max(-1) < 0.1 * gloss.max(-1))
    albedo = np.where(metal[..., None], gloss, diffuse)
    turn = np.array(s.camera.matrix_world.to_3x3())  # columns: the camera's right, up and back
    normal = read["Normal"] @ turn * np.array([1, -1, -1], np.float32)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    classes = np.array(b.codes)[np.rint(read["IndexOB"][..., 0]).astype(np.int32), 0]
    return albedo, normal, read["Depth"][..., 0], classes.astype(np.uint8)


def write_surfaces(b, folder, name, size):
    """Writes NAME_albedo.png, NAME_normal.png and NAME_depth.png, all 16-bit; returns the class ids [H, W] uint8."""
    albedo, normal, depth, classes = surfaces(b, folder, size)

    def put(what, x):
        x = np.rint(np.clip(x, 0, 65535)).astype(np.uint16)
        cv2.imwrite(str(Path(folder) / f"{name}_{what}.png"), x[..., ::-1] if x.ndim == 3 else x)

    put("albedo", albedo * 65535)
    put("normal", normal * 32767 + 32768)
    put("depth", depth * 1000)
    return classes
