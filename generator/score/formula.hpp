// How the validator makes one number of many: the outlier rule, the means, the sum. Values may be
// NaN anywhere; what becomes of that is the validator's. Source: three-gen-subnet at 5fc61f1,
// service 2.4.0, engine/validation_engine.py and engine/metrics; pytod 0.0.3's KNN, which is
// Ramaswamy et al. 2000. Torch-free, pure; any thread.
#pragma once

#include <span>
#include <vector>

namespace generator::formula {

// 1 for each value that the validator leaves out: the mark of a value is its distance to the 5th
// nearest other one; outliers are those whose mark is above the 90 % percentile of the marks
// (linear between neighbours). Of 16 values that is the two largest marks, or fewer where marks
// tie. One NaN among the values: nobody. At least 6 values. Instances: float, double.
template <class T>
std::vector<bool> outliers(std::span<const T> values);

// exp(mean(log)) of what the outlier rule leaves, in T. One 0 makes it 0, a negative value NaN.
// Values of exactly -1 are left out, too: the validator marks the dropped ones so.
template <class T>
double geometric_mean(std::span<const T> values);

// Of cosines between a prompt and the views. They are clamped to 0..1 after the outliers are out;
// the result may exceed 1.
double text_alignment(std::span<const float> cosines);

// Of cosines between a prompt's picture and the views: not clamped, so that a negative one that
// stays gives NaN.
double picture_alignment(std::span<const float> cosines);

// The mean of 1 / (1 + exp(-logit)), in float32, over the views.
double mean_quality(std::span<const float> each);

// What each part adds to the score.
struct Terms {
    double quality = 0, alignment = 0;  // double
    float ssim = 0, lpips = 0;  // float32: two sigmoids are float32 tensors at the validator
};
Terms terms(double iqa, double alignment, double ssim, double lpips);

// 0 where the alignment is below 0.3 (NaN is not), else the sum, rounded to float32 on the way as
// the validator's is. May exceed 1.
double total(const Terms& terms, double alignment);

}  // namespace generator::formula
