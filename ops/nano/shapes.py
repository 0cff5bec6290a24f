"""A procedural world for training the embedded demo model: coloured objects built from a few primitives.

Every object is a set of at most K primitives (ellipsoid, rounded box, cylinder, frustum, torus) inside the
unit cube [-0.5, 0.5]^3, z up, front towards -y. It can be rendered to an RGBA picture (sphere tracing),
voxelised, and described by a caption. All geometry is batched over objects, on a GPU where there is one.
"""
import math
import random

import numpy as np
import torch

K = 12
EXTENT = .80   # longest side of every object
ELLIPSOID, BOX, CYLINDER, FRUSTUM, TORUS = range(5)
COLORS = {"red": (.85, .12, .10), "green": (.15, .62, .20), "blue": (.13, .28, .85), "yellow": (.95, .82, .15),
          "orange": (.95, .50, .10), "purple": (.52, .20, .68), "pink": (.95, .52, .70), "white": (.93, .93, .93),
          "black": (.09, .09, .10), "gray": (.50, .50, .52), "brown": (.45, .27, .13), "cyan": (.20, .78, .85)}
NAMES = list(COLORS)


def rotation(axis, angle):
    """3x3 rotation about x, y or z."""
    c, s = math.cos(angle), math.sin(angle)
    return {"x": [[1, 0, 0], [0, c, -s], [0, s, c]], "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]]}[axis]


IDENTITY = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
LIE_X = rotation("y", math.pi / 2)   # local z axis along world x
LIE_Y = rotation("x", math.pi / 2)   # local z axis along world y


class Builder:
    def __init__(self, rng):
        self.rng, self.prims, self.words = rng, [], ""

    def u(self, a, b):
        return self.rng.uniform(a, b)

    def color(self, *avoid):
        return self.rng.choice([n for n in NAMES if n not in avoid])

    def add(self, kind, center, half, color, rot=IDENTITY, extra=0.0):
        """half: half sizes (torus: major radius, -, minor radius); extra: frustum's top/bottom radius ratio,
        or box rounding radius."""
        c = [min(1, max(0, v + self.rng.gauss(0, .03))) for v in COLORS[color]]
        self.prims.append((kind, center, half, rot, c, extra))

    def fit(self, extent=EXTENT):
        """Centre the bounding box and scale its longest side to `extent`: a cropped picture cannot tell size or place."""
        lo, hi = [9.] * 3, [-9.] * 3
        for kind, c, h, R, _, e in self.prims:
            for i in range(3):
                a, side = abs(R[i][2]), math.sqrt(max(0., 1 - R[i][2] ** 2))
                r = math.sqrt(sum((R[i][j] * h[j]) ** 2 for j in range(3))) if kind == ELLIPSOID else sum(abs(R[i][j]) * h[j] for j in range(3)) if kind == BOX \
                    else side * h[0] + h[2] if kind == TORUS else a * h[2] + side * h[0] * (max(1., e) if kind == FRUSTUM else 1.)
                lo[i], hi[i] = min(lo[i], c[i] - r), max(hi[i], c[i] + r)
        s = extent / max(b - a for a, b in zip(lo, hi))
        self.prims = [(kind, tuple((v - (a + b) / 2) * s for v, a, b in zip(c, lo, hi)), tuple(v * s for v in h), R, col, e * s if kind == BOX else e)
                      for kind, c, h, R, col, e in self.prims]


def mushroom(b):
    cap, stem = b.color(), b.rng.choice(["white", "brown", "gray", "yellow"])
    h, r, R = b.u(.30, .50), b.u(.05, .11), b.u(.24, .40)
    b.add(CYLINDER, (0, 0, -.40 + h / 2), (r, r, h / 2), stem)
    b.add(ELLIPSOID, (0, 0, -.40 + h), (R, R, R * b.u(.45, .75)), cap)
    b.words = f"a {cap} mushroom with a {stem} stem"


def snowman(b):
    body, hat = b.rng.choice(["white", "white", "gray", "cyan"]), b.color("white")
    r1, r2, r3 = b.u(.19, .24), b.u(.14, .17), b.u(.10, .12)
    z = -.45 + r1
    b.add(ELLIPSOID, (0, 0, z), (r1,) * 3, body)
    b.add(ELLIPSOID, (0, 0, z + r1 + r2 * .6), (r2,) * 3, body)
    z3 = z + r1 + r2 * 1.3 + r3 * .7
    b.add(ELLIPSOID, (0, 0, z3), (r3,) * 3, body)
    b.add(FRUSTUM, (0, -r3 * 1.4, z3), (.025, .025, .06), "orange", rotation("x", math.pi / 2), .1)
    b.add(CYLINDER, (0, 0, z3 + r3 * .95), (r3 * .75, r3 * .75, .06), hat)
    b.words = f"a {body} snowman with a {hat} hat"


def table(b):
    c = b.color()
    w, d, h, t = b.u(.28, .44), b.u(.2, .40), b.u(.18, .34), b.u(.025, .05)
    b.add(BOX, (0, 0, h), (w, d, t), c, extra=.01)
    for sx in (-1, 1):
        for sy in (-1, 1):
            b.add(CYLINDER, (sx * (w - .06), sy * (d - .06), 0), (.035, .035, h), c)
    b.words = f"a {c} table"


def chair(b):
    c, s = b.color(), b.color()
    w, h, back = b.u(.19, .26), b.u(.12, .20), b.u(.18, .26)
    z = -.42 + 2 * h
    b.add(BOX, (0, 0, z), (w, w, .035), s, extra=.015)
    b.add(BOX, (0, w - .03, z + back), (w, .03, back), c, extra=.01)
    for sx in (-1, 1):
        for sy in (-1, 1):
            b.add(BOX, (sx * (w - .035), sy * (w - .035), -.42 + h), (.03, .03, h), c)
    b.words = f"a {c} chair with a {s} seat"


def tree(b):
    leaf, trunk = b.rng.choice(["green", "green", "orange", "red", "yellow", "pink"]), "brown"
    if b.rng.random() < .5:
        b.add(CYLINDER, (0, 0, -.36), (.05, .05, .11), trunk)
        R = b.u(.24, .34)
        for i in range(3):
            b.add(FRUSTUM, (0, 0, -.16 + .22 * i), (R * (1 - .24 * i), R * (1 - .24 * i), .17), leaf, extra=.05)
        b.words = f"a {leaf} pine tree with a {trunk} trunk"
    else:
        h = b.u(.16, .24)
        b.add(CYLINDER, (0, 0, -.45 + h), (.06, .06, h), trunk)
        r = b.u(.22, .30)
        b.add(ELLIPSOID, (0, 0, .12), (r, r, r), leaf)
        b.add(ELLIPSOID, (-.14, .05, .0), (r * .6,) * 3, leaf)
        b.add(ELLIPSOID, (.14, -.03, .02), (r * .6,) * 3, leaf)
        b.words = f"a {leaf} tree with a {trunk} trunk"


def house(b):
    wall, roof, door = b.color(), b.color(), b.color()
    w, h = b.u(.26, .36), b.u(.16, .24)
    b.add(BOX, (0, 0, -.42 + h), (w, w, h), wall)
    b.add(FRUSTUM, (0, 0, -.42 + 2 * h + .14), (w * 1.25, w * 1.25, .14), roof, extra=.05)
    b.add(BOX, (0, -w, -.42 + .11), (.06, .02, .11), door)
    b.words = f"a {wall} house with a {roof} roof and a {door} door"


def car(b):
    body, cabin, tire = b.color(), b.color(), b.rng.choice(["black", "gray", "black"])
    l, w = b.u(.36, .44), b.u(.16, .21)
    b.add(BOX, (0, 0, -.06), (l, w, .09), body, extra=.03)
    b.add(BOX, (b.u(-.08, .08), 0, .09), (l * .5, w * .88, .09), cabin, extra=.03)
    r = b.u(.08, .11)
    for sx in (-1, 1):
        for sy in (-1, 1):
            b.add(CYLINDER, (sx * l * .62, sy * w, -.14), (r, r, .04), tire, LIE_Y)
    b.words = f"a {body} car with {tire} wheels and a {cabin} top"


def rocket(b):
    body, nose, fin = b.color(), b.color(), b.color()
    r, h = b.u(.10, .15), b.u(.20, .28)
    b.add(CYLINDER, (0, 0, -.06), (r, r, h), body)
    b.add(FRUSTUM, (0, 0, -.06 + h + .10), (r, r, .10), nose, extra=.05)
    for a in range(4):
        rz = rotation("z", a * math.pi / 2)
        b.add(BOX, (rz[0][0] * (r + .06), rz[1][0] * (r + .06), -.06 - h + .07), (.08, .02, .09), fin, rz)
    b.words = f"a {body} rocket with a {nose} nose and {fin} fins"


def lamp(b):
    shade, base = b.color(), b.color()
    b.add(CYLINDER, (0, 0, -.40), (b.u(.14, .2), ) * 2 + (.03,), base)
    b.add(CYLINDER, (0, 0, -.12), (.025, .025, .28), base)
    R = b.u(.2, .28)
    b.add(FRUSTUM, (0, 0, .22), (R, R, b.u(.12, .17)), shade, extra=b.u(.4, .7))
    b.words = f"a {base} lamp with a {shade} shade"


def robot(b):
    c, d = b.color(), b.color()
    w = b.u(.14, .19)
    b.add(BOX, (0, 0, -.02), (w, .11, .16), c, extra=.02)
    b.add(BOX, (0, 0, .27), (.11, .09, .09), d, extra=.02)
    for s in (-1, 1):
        b.add(CYLINDER, (s * (w + .06), 0, .0), (.045, .045, .15), d)
        b.add(BOX, (s * .08, 0, -.31), (.055, .07, .13), d)
        b.add(ELLIPSOID, (s * .045, -.09, .29), (.025,) * 3, "yellow" if d != "yellow" else "black")
    b.words = f"a {c} robot with a {d} head"


def dumbbell(b):
    c, d = b.color(), b.color()
    r = b.u(.12, .17)
    b.add(CYLINDER, (0, 0, 0), (.04, .04, .3), d, LIE_X)
    for s in (-1, 1):
        if b.rng.random() < .5:
            b.add(ELLIPSOID, (s * .28, 0, 0), (r,) * 3, c)
        else:
            b.add(CYLINDER, (s * .3, 0, 0), (r, r, .08), c, LIE_X)
    b.words = f"a {c} dumbbell with a {d} bar"


def cup(b):
    c, d = b.color(), b.color()
    r, h = b.u(.2, .26), b.u(.22, .3)
    b.add(FRUSTUM, (-.06, 0, 0), (r, r, h), c, extra=b.u(.85, 1.15))
    b.add(TORUS, (-.06 + r + .04, 0, 0), (.13, .13, .035), d, LIE_Y)
    b.words = f"a {c} cup with a {d} handle"


def airplane(b):
    c, d = b.color(), b.color()
    b.add(ELLIPSOID, (0, 0, 0), (.09, .44, .09), c)
    b.add(BOX, (0, -.05, 0), (.44, .08, .018), d, extra=.01)
    b.add(BOX, (0, .36, .02), (.16, .05, .014), d, extra=.01)
    b.add(BOX, (0, .37, .11), (.014, .05, .1), d, extra=.01)
    b.words = f"a {c} airplane with {d} wings"


def tower(b):
    c, d = b.color(), b.color()
    r, h = b.u(.14, .2), b.u(.26, .32)
    b.add(CYLINDER, (0, 0, -.44 + h), (r, r, h), c)
    b.add(CYLINDER, (0, 0, -.44 + 2 * h), (r * 1.25, r * 1.25, .05), c)
    b.add(FRUSTUM, (0, 0, -.44 + 2 * h + .17), (r * 1.3, r * 1.3, .13), d, extra=.05)
    b.words = f"a {c} tower with a {d} roof"


def donut(b):
    c = b.color()
    b.add(TORUS, (0, 0, 0), (b.u(.24, .3), .25, b.u(.08, .14)), c, b.rng.choice([IDENTITY, LIE_Y]))
    b.words = f"a {c} donut"


def crate(b):
    c, d = b.color(), b.color()
    s = b.u(.26, .36)
    b.add(BOX, (0, 0, 0), (s, s, s), c)
    for sx in (-1, 1):
        for sy in (-1, 1):
            b.add(BOX, (sx * s, sy * s, 0), (.045, .045, s + .03), d)
    b.add(BOX, (0, 0, s), (s + .03, .045, .03), d)
    b.words = f"a {c} crate with {d} edges"


def solid(b):
    c = b.color()
    kind, word = b.rng.choice([(ELLIPSOID, "ball"), (BOX, "box"), (CYLINDER, "cylinder"), (FRUSTUM, "cone")])
    s = b.u(.24, .42)
    half = (s, s, s if kind in (ELLIPSOID, BOX) else b.u(.2, .42))
    b.add(kind, (0, 0, 0), half, c, extra=.05 if kind == FRUSTUM else .02)
    b.words = f"a {c} {word}"


def stack(b):
    n, z, names = b.rng.randint(2, 3), -.44, []
    for i in range(n):
        c, h = b.color(), b.u(.10, .15)
        kind, word = b.rng.choice([(ELLIPSOID, "ball"), (BOX, "box"), (CYLINDER, "cylinder")])
        r = b.u(.14, .26)
        b.add(kind, (b.u(-.05, .05), b.u(-.05, .05), z + h), (r, r, h), c, extra=.02)
        z += 2 * h - .01
        names.append(f"a {c} {word}")
    b.words = " on top of ".join(reversed(names))


TEMPLATES = [mushroom, snowman, table, chair, tree, house, car, rocket, lamp, robot, dumbbell, cup, airplane, tower,
             donut, crate, solid, stack]


def make(seed):
    """One object: (primitives, caption)."""
    b = Builder(random.Random(seed))
    b.rng.choice(TEMPLATES)(b)
    b.fit()
    return b.prims, b.words


def pack(seeds):
    """Parameter arrays of many objects, and their captions (one process)."""
    n = len(seeds)
    out = dict(kind=np.full((n, K), -1, np.int64), center=np.zeros((n, K, 3), np.float32), half=np.ones((n, K, 3), np.float32),
               color=np.zeros((n, K, 3), np.float32), rot=np.tile(np.eye(3, dtype=np.float32), (n, K, 1, 1)), extra=np.zeros((n, K), np.float32))
    words = []
    for i, s in enumerate(seeds):
        prims, w = make(s)
        words.append(w)
        for j, (k, c, h, r, col, e) in enumerate(prims[:K]):
            out["kind"][i, j], out["center"][i, j], out["half"][i, j] = k, c, h
            out["rot"][i, j], out["color"][i, j], out["extra"][i, j] = r, col, e
    return out, words


def make_batch(seeds, device, workers=0):
    """Parameter tensors of many objects on `device`, and their captions."""
    seeds = list(seeds)
    if workers:
        import multiprocessing as mp
        with mp.get_context("spawn").Pool(workers) as pool:
            parts = pool.map(pack, [seeds[i::workers] for i in range(workers)])
        order = np.argsort(np.concatenate([np.arange(len(seeds))[i::workers] for i in range(workers)]))
        world = {k: np.concatenate([p[0][k] for p in parts])[order] for k in parts[0][0]}
        flat = [w for p in parts for w in p[1]]
        words = [flat[i] for i in order]
    else:
        world, words = pack(seeds)
    return {k: torch.from_numpy(v).to(device) for k, v in world.items()}, words


def select(world, index):
    return {k: v[index] for k, v in world.items()}


def distance(world, p):
    """p [B, Q, 3] -> signed distance [B, Q] to the nearest primitive, and its colour [B, Q, 3]."""
    x, y, z = p.unbind(-1)
    best = torch.full_like(x, 1e3)
    red, green, blue = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for k in range(world["kind"].shape[1]):
        kind, e = world["kind"][:, k, None], world["extra"][:, k, None]
        cx, cy, cz = (world["center"][:, k, i, None] for i in range(3))
        hx, hy, hz = (world["half"][:, k, i, None] for i in range(3))
        R = world["rot"][:, k]
        dx, dy, dz = x - cx, y - cy, z - cz
        qx, qy, qz = (dx * R[:, 0, j, None] + dy * R[:, 1, j, None] + dz * R[:, 2, j, None] for j in range(3))  # R^T (p - c)
        rho = (qx * qx + qy * qy).sqrt()
        ux, uy, uz = qx / hx, qy / hy, qz / hz
        k0 = (ux * ux + uy * uy + uz * uz).sqrt()
        k1 = ((ux / hx) ** 2 + (uy / hy) ** 2 + (uz / hz) ** 2).sqrt()
        ellipsoid = k0 * (k0 - 1) / k1.clamp_min(1e-6)
        ax, ay, az = qx.abs() - hx + e, qy.abs() - hy + e, qz.abs() - hz + e
        box = (ax.clamp_min(0) ** 2 + ay.clamp_min(0) ** 2 + az.clamp_min(0) ** 2).sqrt() + torch.maximum(ax, torch.maximum(ay, az)).clamp_max(0) - e
        c0, c1 = rho - hx, qz.abs() - hz
        cylinder = (c0.clamp_min(0) ** 2 + c1.clamp_min(0) ** 2).sqrt() + torch.maximum(c0, c1).clamp_max(0)
        slope = hx * (1 - e) / (2 * hz)                                                       # frustum: linear radius
        f0 = (rho - hx * (1 + (e - 1) * ((uz + 1) * .5).clamp(0, 1))) / (1 + slope * slope).sqrt()
        frustum = (f0.clamp_min(0) ** 2 + c1.clamp_min(0) ** 2).sqrt() + torch.maximum(f0, c1).clamp_max(0)
        torus = (c0 * c0 + qz * qz).sqrt() - hz
        d = torch.where(kind == 0, ellipsoid, torch.where(kind == 1, box, torch.where(kind == 2, cylinder, torch.where(kind == 3, frustum, torus))))
        d = torch.where(kind < 0, torch.full_like(d, 1e3), d)
        near = d < best
        best = torch.where(near, d, best)
        red, green, blue = (torch.where(near, world["color"][:, k, i, None], c) for i, c in enumerate((red, green, blue)))
    return best, torch.stack([red, green, blue], -1)


def normal(world, p, dist, eps=2e-3):
    """Unit gradient of the distance at p, by central differences."""
    g = torch.stack([dist(world, p + o)[0] - dist(world, p - o)[0] for o in torch.eye(3, device=p.device) * eps], -1)
    return torch.nn.functional.normalize(g, dim=-1)


def grid_points(res, device):
    r = (torch.arange(res, device=device) + .5) / res - .5
    return torch.stack(torch.meshgrid(r, r, r, indexing="ij"), -1).reshape(1, -1, 3)


def voxelise(world, res, dist=distance, thickness=.75):
    """bool [B, res, res, res]: voxels whose centre is within thickness * voxel size of the surface."""
    n = len(world["kind"])
    d = dist(world, grid_points(res, world["kind"].device).expand(n, -1, -1))[0]
    return (d.abs() < thickness / res).reshape(n, res, res, res)


def render(world, yaw, pitch, size, dist=distance, steps=48, fov=math.radians(40), radius=2.0):
    """Sphere-trace each object from its camera (yaw, pitch [B]) -> float RGBA [B, 4, size, size], straight alpha."""
    n, dev = len(yaw), yaw.device
    eye = radius * torch.stack([yaw.sin() * pitch.cos(), -yaw.cos() * pitch.cos(), pitch.sin()], -1)          # [B, 3]
    fwd = -eye / radius
    right = torch.stack([yaw.cos(), yaw.sin(), torch.zeros_like(yaw)], -1)
    up = torch.cross(right, fwd, dim=-1)
    s = ((torch.arange(size, device=dev) + .5) / size * 2 - 1) * math.tan(fov / 2)
    y, x = torch.meshgrid(-s, s, indexing="ij")
    ray = torch.nn.functional.normalize(fwd[:, None] + x.reshape(1, -1, 1) * right[:, None] + y.reshape(1, -1, 1) * up[:, None], dim=-1)
    t = torch.full(ray.shape[:2], radius - .9, device=dev)
    for _ in range(steps):
        t = t + dist(world, eye[:, None] + t[..., None] * ray)[0].clamp(-.05, .25) * .9
    p = eye[:, None] + t[..., None] * ray
    d, color = dist(world, p)
    hit = (d.abs() < 4e-3) & (t < radius + .9)
    nrm = normal(world, p, dist)
    light = torch.nn.functional.normalize(eye + torch.tensor([.8, -.3, 1.2], device=dev), dim=-1)[:, None]
    shade = .45 + .55 * (nrm * light).sum(-1, keepdim=True).clamp_min(0)
    rgba = torch.cat([(color * shade).clamp(0, 1), hit[..., None].float()], -1)
    return rgba.reshape(n, size, size, 4).permute(0, 3, 1, 2)
