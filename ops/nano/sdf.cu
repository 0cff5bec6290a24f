// shapes.py's distance and renderer on a GPU: one thread a point or ray.
//   nvcc -O3 -std=c++17 -arch=native -shared -Xcompiler -fPIC sdf.cu -o sdf_cuda.so
#include "primitives.hpp"

namespace {

using namespace nano;

// ------------------------------------------------------------------------------------------------
// helpers

constexpr int kThreads = 128;

__device__ float nearest(const World& w, long b, float x, float y, float z, int& which) {
    float best = 1e3f;
    which = 0;
    for (long k = 0; k < w.K; ++k) {
        const long o = b * w.K + k;
        const long kind = w.kind[o];
        if (kind < 0) continue;
        const Primitive p = primitive(w, o);
        const float d = kind == kEllipsoid  ? distance<kEllipsoid>(p, x, y, z)
                        : kind == kBox      ? distance<kBox>(p, x, y, z)
                        : kind == kCylinder ? distance<kCylinder>(p, x, y, z)
                        : kind == kFrustum  ? distance<kFrustum>(p, x, y, z)
                                            : distance<kTorus>(p, x, y, z);
        if (d < best) best = d, which = int(k);
    }
    return best;
}

// ------------------------------------------------------------------------------------------------
// kernels

__global__ void distance_kernel(World w, const float* points, float* out, float* rgb, long B,
                                long Q) {
    const long i = long(blockIdx.x) * kThreads + threadIdx.x;
    if (i >= B * Q) return;
    int which;
    const long b = i / Q;
    out[i] = nearest(w, b, points[3 * i], points[3 * i + 1], points[3 * i + 2], which);
    for (int c = 0; c < 3; ++c) rgb[3 * i + c] = w.color[(b * w.K + which) * 3 + c];
}

__global__ void trace_kernel(World w, const float* eyes, const float* rays, float* rgba,
                             float radius, long steps, long B, long Q) {
    const long i = long(blockIdx.x) * kThreads + threadIdx.x;
    if (i >= B * Q) return;
    const long b = i / Q;
    const float eye[3] = {eyes[3 * b], eyes[3 * b + 1], eyes[3 * b + 2]};
    const float r[3] = {rays[3 * i], rays[3 * i + 1], rays[3 * i + 2]};
    float* out = rgba + 4 * i;
    out[0] = out[1] = out[2] = out[3] = 0;
    const float along = -(eye[0] * r[0] + eye[1] * r[1] + eye[2] * r[2]);
    if (radius * radius - along * along >= kBall * kBall) return;
    float t = radius - kNear;
    int which;
    for (long s = 0; s < steps; ++s) {
        const float d =
            nearest(w, b, eye[0] + t * r[0], eye[1] + t * r[1], eye[2] + t * r[2], which);
        t += advance(d);
        if (size(d) < kHit || t >= radius + kNear) break;
    }
    if (t >= radius + kNear) return;
    const float p[3] = {eye[0] + t * r[0], eye[1] + t * r[1], eye[2] + t * r[2]};
    if (size(nearest(w, b, p[0], p[1], p[2], which)) >= kSurface) return;
    float gradient[3];
    int ignored;
    for (int axis = 0; axis < 3; ++axis) {
        const float dx = axis == 0 ? kNudge : 0, dy = axis == 1 ? kNudge : 0,
                    dz = axis == 2 ? kNudge : 0;
        gradient[axis] = nearest(w, b, p[0] + dx, p[1] + dy, p[2] + dz, ignored) -
                         nearest(w, b, p[0] - dx, p[1] - dy, p[2] - dz, ignored);
    }
    shade(gradient, eye, w.color + (b * w.K + which) * 3, out);
}

}  // namespace

// ------------------------------------------------------------------------------------------------
// launchers

extern "C" int nano_distance(const World* w, const float* points, float* out, float* rgb, long B,
                             long Q, cudaStream_t stream) {
    const long blocks = (B * Q + kThreads - 1) / kThreads;
    if (blocks)
        distance_kernel<<<unsigned(blocks), kThreads, 0, stream>>>(*w, points, out, rgb, B, Q);
    return int(cudaGetLastError());
}

extern "C" int nano_trace(const World* w, const float* eye, const float* direction, float* rgba,
                          float radius, long steps, long B, long Q, cudaStream_t stream) {
    const long blocks = (B * Q + kThreads - 1) / kThreads;
    if (blocks)
        trace_kernel<<<unsigned(blocks), kThreads, 0, stream>>>(*w, eye, direction, rgba, radius,
                                                                steps, B, Q);
    return int(cudaGetLastError());
}
