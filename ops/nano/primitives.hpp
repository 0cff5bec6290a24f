// Signed distances of shapes.py's primitives in their own frame, for sdf.cpp (a CPU) and sdf.cu (a
// GPU).
#pragma once

#include <cmath>

#ifdef __CUDACC__
#define NANO_HD __host__ __device__ __forceinline__
#else
#define NANO_HD inline
#endif

namespace nano {

enum Kind { kEllipsoid, kBox, kCylinder, kFrustum, kTorus };

// The objects of a batch, K primitives each; a kind below zero is none. Row-major, as packed by
// shapes.py: kind [B, K], center and half and color [B, K, 3], rot [B, K, 3, 3], extra [B, K].
struct World {
    const long* kind;
    const float *center, *half, *rot, *color, *extra;
    long K;
};

struct Primitive {
    float c[3], h[3], R[9], e;
};

NANO_HD Primitive primitive(const World& w, long o) {
    Primitive p;
    for (int i = 0; i < 3; ++i) p.c[i] = w.center[3 * o + i], p.h[i] = w.half[3 * o + i];
    for (int i = 0; i < 9; ++i) p.R[i] = w.rot[9 * o + i];
    p.e = w.extra[o];
    return p;
}

NANO_HD float positive(float v) { return v > 0 ? v : 0.f; }
NANO_HD float negative(float v) { return v < 0 ? v : 0.f; }
NANO_HD float larger(float a, float b) { return a > b ? a : b; }
NANO_HD float root(float v) { return ::sqrtf(v); }
NANO_HD float size(float v) { return ::fabsf(v); }

// From two distances to faces that meet at a right angle.
NANO_HD float corner(float a, float b) {
    const float pa = positive(a), pb = positive(b);
    return root(pa * pa + pb * pb) + negative(larger(a, b));
}

// (x, y, z) in the object's frame -> signed distance. The kind is a template argument so that loops
// over points have no branch.
template <int kind>
NANO_HD float distance(const Primitive& p, float x, float y, float z) {
    const float dx = x - p.c[0], dy = y - p.c[1], dz = z - p.c[2];
    const float qx = dx * p.R[0] + dy * p.R[3] + dz * p.R[6];
    const float qy = dx * p.R[1] + dy * p.R[4] + dz * p.R[7];
    const float qz = dx * p.R[2] + dy * p.R[5] + dz * p.R[8];
    const float hx = p.h[0], hy = p.h[1], hz = p.h[2], e = p.e;
    if constexpr (kind == kEllipsoid) {
        const float ux = qx / hx, uy = qy / hy, uz = qz / hz, vx = ux / hx, vy = uy / hy,
                    vz = uz / hz;
        const float k0 = root(ux * ux + uy * uy + uz * uz), k1 = root(vx * vx + vy * vy + vz * vz);
        return k0 * (k0 - 1) / (k1 > 1e-6f ? k1 : 1e-6f);
    } else if constexpr (kind == kBox) {
        const float ax = size(qx) - hx + e, ay = size(qy) - hy + e, az = size(qz) - hz + e;
        const float px = positive(ax), py = positive(ay), pz = positive(az);
        return root(px * px + py * py + pz * pz) + negative(larger(larger(ax, ay), az)) - e;
    } else if constexpr (kind == kCylinder) {
        return corner(root(qx * qx + qy * qy) - hx, size(qz) - hz);
    } else if constexpr (kind == kFrustum) {
        const float slope = hx * (1 - e) / (2 * hz);
        float u = (qz / hz + 1) * .5f;
        u = u < 0 ? 0.f : u > 1 ? 1.f : u;
        const float a =
            (root(qx * qx + qy * qy) - hx * (1 + (e - 1) * u)) / root(1 + slope * slope);
        return corner(a, size(qz) - hz);
    } else {
        const float a = root(qx * qx + qy * qy) - hx;
        return root(a * a + qz * qz) - hz;
    }
}

// A ray's way from an eye `radius` away from the cube's centre; what follows is shared by both
// renderers.
constexpr float kNear = .9f, kStep = .9f, kHit = 5e-4f, kSurface = 4e-3f, kNudge = 2e-3f,
                kBall = .87f;

NANO_HD float advance(float d) { return (d < -.05f ? -.05f : d > .25f ? .25f : d) * kStep; }

// Colour and opacity of a hit: gradient g of the distance (any length), the eye, the primitive's
// colour.
NANO_HD void shade(const float* g, const float* eye, const float* color, float* rgba) {
    const float L[3] = {eye[0] + .8f, eye[1] - .3f, eye[2] + 1.2f};
    const float ln = 1 / root(L[0] * L[0] + L[1] * L[1] + L[2] * L[2]);
    const float gl = root(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
    const float lambert =
        (g[0] * L[0] + g[1] * L[1] + g[2] * L[2]) * ln / (gl > 1e-12f ? gl : 1e-12f);
    const float light = .45f + .55f * positive(lambert);
    for (int i = 0; i < 3; ++i) rgba[i] = color[i] * light > 1 ? 1.f : color[i] * light;
    rgba[3] = 1;
}

}  // namespace nano
