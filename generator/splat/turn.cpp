#include "generator/splat/turn.hpp"

#include "generator/splat/activation.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace generator {
namespace {

constexpr int kHighestDegree = 4, kMostOrders = 2 * kHighestDegree + 1;
constexpr std::size_t kCoefficients = 24;  // of degrees 1 to 4

// Where in these a degree's begin.
constexpr std::size_t first_of(int degree) { return std::size_t(degree * degree - 1); }

// The signs of the harmonics of degrees 1 to 4 under half a turn about x, (x, y, z) to (x, -y, -z),
// by their order m from -l to l: each is a polynomial in which y and z come an odd or an even
// number of times together.
constexpr std::array<int, kCoefficients> kHalfTurn{-1, -1, 1,          // y, z, x
                                                   -1, 1,  1,  -1, 1,  // xy, yz, zz, xz, xx - yy
                                                   -1, 1,  -1, -1, 1, -1, 1,          // degree 3
                                                   -1, 1,  -1, 1,  1, -1, 1, -1, 1};  // degree 4

// The harmonics of degrees 1 to 4 towards a point of the unit sphere, with the signs that Gaussians
// have them with, and orthonormal over it.
std::array<double, kCoefficients> harmonics_towards(double x, double y, double z) {
    const double xx = x * x, yy = y * y, zz = z * z;
    return {-0.4886025119029199 * y,
            0.4886025119029199 * z,
            -0.4886025119029199 * x,
            1.0925484305920792 * x * y,
            -1.0925484305920792 * y * z,
            0.31539156525252005 * (2 * zz - xx - yy),
            -1.0925484305920792 * x * z,
            0.5462742152960396 * (xx - yy),
            -0.5900435899266435 * y * (3 * xx - yy),
            2.890611442640554 * x * y * z,
            -0.4570457994644658 * y * (4 * zz - xx - yy),
            0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy),
            -0.4570457994644658 * x * (4 * zz - xx - yy),
            1.445305721320277 * z * (xx - yy),
            -0.5900435899266435 * x * (xx - 3 * yy),
            2.5033429417967046 * x * y * (xx - yy),
            -1.7701307697799304 * y * z * (3 * xx - yy),
            0.9461746957575601 * x * y * (7 * zz - 1),
            -0.6690465435572892 * y * z * (7 * zz - 3),
            0.10578554691520431 * (zz * (35 * zz - 30) + 3),
            -0.6690465435572892 * x * z * (7 * zz - 3),
            0.47308734787878004 * (xx - yy) * (7 * zz - 1),
            -1.7701307697799304 * x * z * (xx - 3 * yy),
            0.6258357354491761 * (xx * (xx - 3 * yy) - yy * (3 * xx - yy))};
}

// By degree: what the harmonic of the second order is of that of the first after a quarter turn
// from y to z.
using Mixture = std::array<std::array<std::array<double, kMostOrders>, kMostOrders>,
                           std::size_t(kHighestDegree) + 1>;

// Integrals over the sphere of products of two harmonics, one of them turned. Five Gauss-Legendre
// points along z and nine around it integrate polynomials of degree 8 exactly.
Mixture mix_by_quarter() {
    const double near = std::sqrt(5 - 2 * std::sqrt(10.0 / 7)) / 3;
    const double far = std::sqrt(5 + 2 * std::sqrt(10.0 / 7)) / 3;
    const double of_near = (322 + 13 * std::sqrt(70.0)) / 900;
    const double of_far = (322 - 13 * std::sqrt(70.0)) / 900;
    const std::array<std::array<double, 2>, 5> heights{
        {{-far, of_far}, {-near, of_near}, {0, 128.0 / 225}, {near, of_near}, {far, of_far}}};
    constexpr int kAround = 9;
    constexpr double kStep = 2 * std::numbers::pi / kAround;
    Mixture mixture{};
    for (const auto& [z, weight] : heights) {
        for (int i = 0; i < kAround; ++i) {
            const double radius = std::sqrt(1 - z * z);
            const double x = radius * std::cos(i * kStep), y = radius * std::sin(i * kStep);
            const auto here = harmonics_towards(x, y, z);
            // Where the turn, (x, y, z) to (x, -z, y), brings here from.
            const auto before = harmonics_towards(x, z, -y);
            for (int l = 1; l <= kHighestDegree; ++l)
                for (std::size_t to = 0; to <= std::size_t(2 * l); ++to)
                    for (std::size_t from = 0; from <= std::size_t(2 * l); ++from)
                        mixture[std::size_t(l)][to][from] +=
                            weight * kStep * here[first_of(l) + to] * before[first_of(l) + from];
        }
    }
    return mixture;
}

// One colour's of one Gaussian. Turning back is the transposed of turning.
void turn_harmonics(const Mixture& mixture, int degree, bool back, float* values) {
    for (int l = 1; l <= degree; ++l) {
        float* of_degree = values + first_of(l);
        std::array<double, kMostOrders> turned{};
        for (std::size_t to = 0; to <= std::size_t(2 * l); ++to)
            for (std::size_t from = 0; from <= std::size_t(2 * l); ++from)
                turned[to] +=
                    (back ? mixture[std::size_t(l)][from][to] : mixture[std::size_t(l)][to][from]) *
                    of_degree[from];
        for (std::size_t to = 0; to <= std::size_t(2 * l); ++to) of_degree[to] = float(turned[to]);
    }
}

void turn_quarter(StoredSplats& splats, bool back) {
    static const Mixture mixture = mix_by_quarter();
    const float side = back ? -1.F : 1.F;
    for (auto& position : splats.position) position = turned_position(position, side);
    // The length of what is no rotation stays, too.
    const auto half = float(std::numbers::sqrt2 / 2);
    for (auto& q : splats.rotation)
        q = {half * (q[0] - side * q[1]), half * (q[1] + side * q[0]), half * (q[2] - side * q[3]),
             half * (q[3] + side * q[2])};
    const auto each = std::size_t(harmonics_per_gaussian(splats.sh_degree)) / 3;
    for (std::size_t i = 0; i < splats.harmonics.size(); i += each)
        turn_harmonics(mixture, splats.sh_degree, back, splats.harmonics.data() + i);
}

}  // namespace

void turn_half(StoredSplats& splats) {
    for (auto& position : splats.position)
        for (const int axis : {1, 2}) position[axis] = -position[axis];
    // The quaternion i (half a turn about x) times (w, x, y, z).
    for (auto& q : splats.rotation) q = {-q[1], q[0], -q[3], q[2]};
    const auto each = std::size_t(harmonics_per_gaussian(splats.sh_degree)) / 3;
    for (std::size_t i = 0; i < splats.harmonics.size(); ++i)
        splats.harmonics[i] *= float(kHalfTurn[i % each]);
}

void turn_about_x(StoredSplats& splats, int quarters) {
    switch (quarters & 3) {
        case 1:
            return turn_quarter(splats, false);
        case 2:
            return turn_half(splats);
        case 3:
            return turn_quarter(splats, true);
        default:
            return;
    }
}

}  // namespace generator
