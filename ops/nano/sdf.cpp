// shapes.py's distance and renderer on a CPU: the same arithmetic, only the primitives present,
// rays that end early.
//   g++ -O3 -march=native -ffast-math -fopenmp -shared -fPIC sdf.cpp -o sdf.so
// Points go through in tiles, primitive by primitive, so that the loops over points are vectors.
#include "primitives.hpp"

#include <algorithm>

namespace {

using namespace nano;

constexpr long kTile = 512;

struct Tile {
    float x[kTile], y[kTile], z[kTile];
};

template <int kind>
void evaluate(const Primitive& p, const Tile& at, long n, float* d) {
    for (long i = 0; i < n; ++i) d[i] = distance<kind>(p, at.x[i], at.y[i], at.z[i]);
}

// Distance to the nearest primitive of object b, and which it is.
void nearest(const World& w, long b, const Tile& at, long n, float* best, int* which) {
    float d[kTile];
    for (long i = 0; i < n; ++i) best[i] = 1e3f, which[i] = 0;
    for (long k = 0; k < w.K; ++k) {
        const long o = b * w.K + k;
        if (w.kind[o] < 0) continue;
        const Primitive p = primitive(w, o);
        switch (w.kind[o]) {
            case kEllipsoid:
                evaluate<kEllipsoid>(p, at, n, d);
                break;
            case kBox:
                evaluate<kBox>(p, at, n, d);
                break;
            case kCylinder:
                evaluate<kCylinder>(p, at, n, d);
                break;
            case kFrustum:
                evaluate<kFrustum>(p, at, n, d);
                break;
            default:
                evaluate<kTorus>(p, at, n, d);
        }
        for (long i = 0; i < n; ++i) {
            const bool nearer = d[i] < best[i];
            best[i] = nearer ? d[i] : best[i];
            which[i] = nearer ? int(k) : which[i];
        }
    }
}

// The rays of one tile that are still under way.
struct Rays {
    const float *eye, *direction;
    float t[kTile];
    int live[kTile], hit[kTile];
    long under_way = 0, hits = 0;

    void place(const int* index, long n, Tile& at) const {
        for (long j = 0; j < n; ++j) {
            const int i = index[j];
            at.x[j] = eye[0] + t[i] * direction[3 * i];
            at.y[j] = eye[1] + t[i] * direction[3 * i + 1];
            at.z[j] = eye[2] + t[i] * direction[3 * i + 2];
        }
    }

    void march(const World& w, long b, long steps, float radius) {
        Tile at;
        float d[kTile];
        int which[kTile];
        for (long s = 0; s < steps && under_way; ++s) {
            place(live, under_way, at);
            nearest(w, b, at, under_way, d, which);
            long keep = 0;
            for (long j = 0; j < under_way; ++j) {
                const int i = live[j];
                t[i] += advance(d[j]);
                if (size(d[j]) < kHit)
                    hit[hits++] = i;
                else if (t[i] < radius + kNear)
                    live[keep++] = i;
            }
            under_way = keep;
        }
        for (long j = 0; j < under_way; ++j)
            hit[hits++] = live[j];  // out of steps: judged by their distance
    }
};

void paint(const World& w, long b, const Rays& rays, float radius, float* rgba) {
    Tile at;
    float d[kTile], forth[kTile], back[kTile], gradient[kTile][3];
    int which[kTile], ignored[kTile];
    const long n = rays.hits;
    rays.place(rays.hit, n, at);
    nearest(w, b, at, n, d, which);
    for (int axis = 0; axis < 3; ++axis) {
        float* v = axis == 0 ? at.x : axis == 1 ? at.y : at.z;
        for (long j = 0; j < n; ++j) v[j] += kNudge;
        nearest(w, b, at, n, forth, ignored);
        for (long j = 0; j < n; ++j) v[j] -= 2 * kNudge;
        nearest(w, b, at, n, back, ignored);
        for (long j = 0; j < n; ++j) v[j] += kNudge, gradient[j][axis] = forth[j] - back[j];
    }
    for (long j = 0; j < n; ++j) {
        const int i = rays.hit[j];
        if (size(d[j]) >= kSurface || rays.t[i] >= radius + kNear) continue;
        shade(gradient[j], rays.eye, w.color + (b * w.K + which[j]) * 3, rgba + 4 * i);
    }
}

}  // namespace

// points [B, Q, 3] -> distance [B, Q], rgb [B, Q, 3] of the nearest primitive
extern "C" void nano_distance(const World* world, const float* points, float* out, float* rgb,
                              long B, long Q, int threads) {
    const World& w = *world;
    const long tiles = (Q + kTile - 1) / kTile;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
    for (long job = 0; job < B * tiles; ++job) {
        const long b = job / tiles, q = job % tiles * kTile, n = std::min(kTile, Q - q);
        const float* p = points + (b * Q + q) * 3;
        Tile at;
        int which[kTile];
        for (long i = 0; i < n; ++i)
            at.x[i] = p[3 * i], at.y[i] = p[3 * i + 1], at.z[i] = p[3 * i + 2];
        nearest(w, b, at, n, out + b * Q + q, which);
        for (long i = 0; i < n; ++i)
            std::copy_n(w.color + (b * w.K + which[i]) * 3, 3, rgb + (b * Q + q + i) * 3);
    }
}

// eye [B, 3], rays [B, Q, 3] of length one -> rgba [B, Q, 4]
extern "C" void nano_trace(const World* world, const float* eye, const float* direction,
                           float* rgba, float radius, long steps, long B, long Q, int threads) {
    const World& w = *world;
    const long tiles = (Q + kTile - 1) / kTile;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
    for (long job = 0; job < B * tiles; ++job) {
        const long b = job / tiles, q = job % tiles * kTile, n = std::min(kTile, Q - q);
        Rays rays;
        rays.eye = eye + 3 * b, rays.direction = direction + (b * Q + q) * 3;
        float* out = rgba + (b * Q + q) * 4;
        std::fill_n(out, 4 * n, 0.f);
        for (long i = 0; i < n; ++i) {
            const float* d = rays.direction + 3 * i;
            const float along = -(rays.eye[0] * d[0] + rays.eye[1] * d[1] + rays.eye[2] * d[2]);
            rays.t[i] = radius - kNear;
            if (radius * radius - along * along < kBall * kBall)
                rays.live[rays.under_way++] = int(i);
        }
        rays.march(w, b, steps, radius);
        paint(w, b, rays, radius, out);
    }
}
