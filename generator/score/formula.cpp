#include "generator/score/formula.hpp"

#include "generator/score/scorer.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace generator::formula {
namespace {

constexpr std::size_t kNeighbours = 5;
constexpr double kPercentile = 0.9;
constexpr double kTextScale = 0.35;  // the cosine that counts as 1

template <class T>
std::vector<T> kept(std::span<const T> values) {
    const auto out = outliers(values);
    std::vector<T> result;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!out[i] && values[i] != T(-1)) result.push_back(values[i]);
    return result;
}

// NaN of nothing, as the mean of an empty tensor is.
template <class T>
double exp_mean_log(const std::vector<T>& values) {
    T sum = 0;
    for (const T value : values) sum += std::log(value);
    return double(std::exp(sum / T(values.size())));
}

float sigmoid(double x, float slope, float shift) {
    return 1.0F / (1.0F + std::exp(-slope * (float(x) - shift)));
}

}  // namespace

template <class T>
std::vector<bool> outliers(std::span<const T> values) {
    const auto count = values.size();
    assert(count > kNeighbours);
    std::vector<T> marks;
    for (const T value : values) {
        std::vector<T> distances;
        for (const T other : values) {
            const T apart = value - other;
            distances.push_back(std::sqrt(apart * apart));
        }
        // A NaN has no place in an order, and no place is needed: nobody leaves.
        if (std::any_of(distances.begin(), distances.end(), [](T d) { return std::isnan(d); }))
            return std::vector<bool>(count, false);
        const auto nth = distances.begin() + std::ptrdiff_t(kNeighbours);
        std::nth_element(distances.begin(), nth, distances.end());
        marks.push_back(*nth);
    }
    auto ordered = marks;
    std::sort(ordered.begin(), ordered.end());
    const double at = kPercentile * double(count - 1);
    const auto low = std::size_t(at);
    const auto part = at - double(low);
    const T a = ordered[low], b = ordered[std::min(low + 1, count - 1)];
    const T threshold = part >= 0.5 ? b - (b - a) * T(1 - part) : a + (b - a) * T(part);
    std::vector<bool> out;
    for (const T mark : marks) out.push_back(mark > threshold);
    return out;
}

template std::vector<bool> outliers(std::span<const float>);
template std::vector<bool> outliers(std::span<const double>);

template <class T>
double geometric_mean(std::span<const T> values) {
    return exp_mean_log(kept(values));
}

template double geometric_mean(std::span<const float>);
template double geometric_mean(std::span<const double>);

double text_alignment(std::span<const float> cosines) {
    auto values = kept(cosines);
    // std::clamp leaves NaN as it is, as torch does.
    for (float& value : values) value = std::clamp(value, 0.0F, 1.0F);
    return exp_mean_log(values) / kTextScale;
}

double picture_alignment(std::span<const float> cosines) { return geometric_mean(cosines); }

double mean_quality(std::span<const float> each) {
    float sum = 0;
    for (const float value : each) sum += value;
    return double(sum / float(each.size()));
}

Terms terms(double iqa, double alignment, double ssim, double lpips) {
    return {0.75 * iqa, 0.2 * alignment, 0.025F * sigmoid(ssim, 35, 0.83F),
            float(0.025 * lpips) * sigmoid(lpips, 30, 0.7F)};
}

double total(const Terms& terms, double alignment) {
    if (alignment < kLeastAlignment) return 0;
    return double(float(terms.quality + terms.alignment) + terms.ssim + terms.lpips);
}

}  // namespace generator::formula
