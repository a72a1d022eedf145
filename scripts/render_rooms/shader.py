"""Nodes: a thin writer of shader graphs."""

import bpy


class Nodes:
    """A thin writer of shader graphs: every input is a number, a tuple or another node's socket."""

    def __init__(self, name):
        self.mat = bpy.data.materials.new(name)
        self.mat.use_nodes = True
        self.t = self.mat.node_tree
        self.t.nodes.clear()
        self.out = self.t.nodes.new("ShaderNodeOutputMaterial")

    def n(self, kind, ins=None, **props):
        node = self.t.nodes.new("ShaderNode" + kind)
        for k, v in props.items():
            setattr(node, k, v)
        for k, v in (ins or {}).items():
            self.put(node.inputs[k], v)
        return node

    def put(self, sock, v):
        if isinstance(v, bpy.types.NodeSocket):
            self.t.links.new(v, sock)
        else:
            sock.default_value = v

    def math(self, op, a, b=0.0, c=0.0):
        return self.n("Math", {0: a, 1: b, 2: c}, operation=op).outputs[0]

    def vmath(self, op, a, b=(0, 0, 0)):
        return self.n("VectorMath", {0: a, 1: b}, operation=op).outputs[0]

    def ramp(self, fac, stops):
        r = self.n("ValToRGB", {0: fac})
        e = r.color_ramp.elements
        while len(e) < len(stops):
            e.new(0.5)
        for el, (p, c) in zip(e, stops, strict=False):
            el.position, el.color = p, c
        return r.outputs[0]

    def remap(self, v, a, b, c=0.0, d=1.0, smooth=True):
        return self.n(
            "MapRange", {0: v, 1: a, 2: b, 3: c, 4: d}, interpolation_type="SMOOTHSTEP" if smooth else "LINEAR"
        ).outputs[0]

    def mix(self, f, a, b, blend="MIX"):
        m = self.n("Mix", data_type="RGBA", blend_type=blend)
        self.put(m.inputs[0], f), self.put(m.inputs[6], a), self.put(m.inputs[7], b)
        return m.outputs[2]

    def noise(self, vec, scale, detail=3.0, rough=0.55, dist=0.0):
        return self.n(
            "TexNoise", {"Vector": vec, "Scale": scale, "Detail": detail, "Roughness": rough, "Distortion": dist}
        )

    def scale(self, vec, s, rot=(0, 0, 0)):
        return self.n("Mapping", {"Vector": vec, "Scale": s, "Rotation": rot}).outputs[0]

    def coords(self, spread=7.0, uv=False):
        """Metre coordinates of the object, shifted by a random amount per object (as real boards are)."""
        c = self.n("TexCoord").outputs["UV" if uv else "Object"]
        r = self.n("ObjectInfo").outputs["Random"]
        off = self.n(
            "CombineXYZ",
            {
                0: self.math("MULTIPLY", r, spread),
                1: self.math("MULTIPLY", r, spread * 1.7),
                2: self.math("MULTIPLY", r, spread * 2.3),
            },
        ).outputs[0]
        return c if uv else self.vmath("ADD", c, off)

    def bump(self, h, strength, dist=0.002):
        return self.n("Bump", {"Height": h, "Strength": strength, "Distance": dist}).outputs[0]

    def surface(self, color, rough=0.5, metal=0.0, normal=None, **more):
        ins = {"Base Color": color, "Roughness": rough, "Metallic": metal}
        if normal is not None:
            ins["Normal"] = normal
        ins.update(more)
        p = self.n("BsdfPrincipled", ins)
        self.put(self.out.inputs[0], p.outputs[0])
        return p
