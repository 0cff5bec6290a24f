// guess_up of health.hpp.
#include "generator/splat/health.hpp"

#include <algorithm>
#include <cmath>

namespace generator {
namespace {

// Centres of the Gaussians that can be seen.
std::vector<std::array<float, 3>> visible(const StoredSplats& splats) {
    const float faintest = -std::log(254.F);  // logit of 1/255
    std::vector<std::array<float, 3>> points;
    for (std::size_t i = 0; i < splats.size(); ++i) {
        const auto& p = splats.position[i];
        if (!(splats.logit[i] > faintest)) continue;
        if (std::isfinite(p[0]) && std::isfinite(p[1]) && std::isfinite(p[2])) points.push_back(p);
    }
    return points;
}

// The value with the share of all below it.
float quantile(std::vector<float>& values, double share) {
    const auto at = values.begin() + std::ptrdiff_t(share * double(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

// Area over which points spread on the two other axes: product of the standard deviations.
class Footprint {
public:
    void add(double u, double v) {
        ++count_;
        sum_u_ += u;
        sum_v_ += v;
        squares_u_ += u * u;
        squares_v_ += v * v;
    }
    int count() const { return count_; }
    double area() const {
        const double u = sum_u_ / count_, v = sum_v_ / count_;
        return std::sqrt(std::max(0.0, squares_u_ / count_ - u * u) *
                         std::max(0.0, squares_v_ / count_ - v * v));
    }

private:
    int count_ = 0;
    double sum_u_ = 0, sum_v_ = 0, squares_u_ = 0, squares_v_ = 0;
};

// How much broader the low end stands than the high end, in footprints of the whole; 0 where that
// cannot be told. A difference, not a ratio: the two ends of something round are both tiny, and
// their ratio is noise.
double stance(const std::vector<std::array<float, 3>>& points, int axis) {
    constexpr double kStrays = 0.001, kEnd = 0.05;
    constexpr int kFewest = 20;
    std::vector<float> along;
    along.reserve(points.size());
    for (const auto& p : points) along.push_back(p[axis]);
    const float low = quantile(along, kStrays), high = quantile(along, 1 - kStrays);
    const double end = kEnd * (double(high) - low);
    Footprint bottom, top, whole;
    for (const auto& p : points) {
        const double u = p[(axis + 1) % 3], v = p[(axis + 2) % 3];
        whole.add(u, v);
        if (p[axis] >= low && p[axis] <= low + end) bottom.add(u, v);
        if (p[axis] <= high && p[axis] >= high - end) top.add(u, v);
    }
    if (bottom.count() < kFewest || top.count() < kFewest) return 0;
    return whole.area() > 0 ? (bottom.area() - top.area()) / whole.area() : 0;
}

}  // namespace

std::string guess_up(const StoredSplats& splats) {
    constexpr double kClear = 0.25;  // of the whole's footprint
    constexpr double kBeyond = 1.5;  // times what the other axes show
    const auto points = visible(splats);
    if (points.empty()) return "unknown";
    const double x = stance(points, 0), y = stance(points, 1), z = stance(points, 2);
    const bool is_y = std::abs(y) > std::abs(z);
    const double best = is_y ? y : z;
    const double other = std::max(std::abs(x), std::abs(is_y ? z : y));
    if (std::abs(best) < kClear || std::abs(best) < kBeyond * other) return "unknown";
    return std::string(best > 0 ? "" : "-") + (is_y ? "y" : "z");
}

}  // namespace generator
