#include "storage/distribution.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace storage {
namespace {

constexpr std::int64_t kFew = 2048;

// Times: for each power of ten 900 numbers, from 100 to 999 units of a hundredth of it.
constexpr int kLeastPower = -3, kMostPower = 15, kDigits = 900;
constexpr std::array<double, std::size_t(kMostPower - kLeastPower + 2)> kPowers{
    1e-3, 1e-2, 1e-1, 1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
    1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
constexpr double power_of_ten(int power) { return kPowers[std::size_t(power - kLeastPower)]; }

// number * 10^power, rounded once.
double scaled(double number, int power) {
    return power < 0 ? number / power_of_ten(-power) : number * power_of_ten(power);
}

constexpr double kScoreUnits = 10'000;
constexpr auto kMostBucket = std::numeric_limits<std::uint16_t>::max();

}  // namespace

std::uint16_t bucket_of_time(double milliseconds) {
    if (!(milliseconds >= power_of_ten(kLeastPower))) return 0;
    milliseconds = std::min(milliseconds, power_of_ten(kMostPower));
    int power = int(std::floor(std::log10(milliseconds)));
    if (milliseconds < power_of_ten(power)) --power;  // log10 is rounded, too
    if (milliseconds >= power_of_ten(power + 1)) ++power;
    auto units = std::lround(scaled(milliseconds, 2 - power));
    if (units == 1000) {
        units = 100;
        ++power;
    }
    return std::uint16_t(1 + (power - kLeastPower) * kDigits + int(units - 100));
}

double time_of_bucket(std::uint16_t bucket) {
    if (bucket == 0) return 0;
    const int power = (bucket - 1) / kDigits + kLeastPower;
    return scaled(100 + (bucket - 1) % kDigits, power - 2);
}

std::uint16_t bucket_of_score(double score) {
    if (!(score > 0)) return 0;
    return std::uint16_t(std::min(std::round(score * kScoreUnits), double(kMostBucket)));
}

double score_of_bucket(std::uint16_t bucket) { return bucket / kScoreUnits; }

void Distribution::add(std::uint16_t bucket, std::uint32_t times) {
    if (make_room(times, bucket)) {
        many_[bucket] += times;
    } else {
        few_.insert(few_.end(), times, bucket);
    }
}

void Distribution::add(const Distribution& other) {
    if (other.many_.empty()) {
        for (const auto bucket : other.few_) add(bucket);
        return;
    }
    make_room(other.count_, std::uint16_t(other.many_.size() - 1));
    for (std::size_t bucket = 0; bucket < other.many_.size(); ++bucket)
        many_[bucket] += other.many_[bucket];
}

// For so many more, up to this bucket. Whether they belong into many_.
bool Distribution::make_room(std::int64_t more, std::uint16_t most) {
    count_ += more;
    if (count_ <= kFew) return false;
    if (many_.empty()) spread();
    if (most >= many_.size()) many_.resize(most + 1u);
    return true;
}

void Distribution::spread() {
    many_.resize(few_.empty() ? 1 : *std::max_element(few_.begin(), few_.end()) + 1u);
    for (const auto bucket : few_) ++many_[bucket];
    few_.clear();
}

std::uint16_t Distribution::at(std::int64_t rank) const {
    if (many_.empty()) {
        auto values = few_;
        const auto place = values.begin() + rank;
        std::nth_element(values.begin(), place, values.end());
        return *place;
    }
    std::size_t bucket = 0;
    for (std::int64_t passed = many_[0]; passed <= rank; passed += many_[bucket]) ++bucket;
    return std::uint16_t(bucket);
}

std::uint16_t Distribution::percentile(double share) const {
    if (count_ == 0) return 0;
    const auto rank = std::int64_t(std::ceil(share * double(count_)));
    return at(std::clamp<std::int64_t>(rank, 1, count_) - 1);
}

double Distribution::sum(double (*value_of)(std::uint16_t)) const {
    double sum = 0;
    for (const auto bucket : few_) sum += value_of(bucket);
    for (std::size_t bucket = 0; bucket < many_.size(); ++bucket)
        if (many_[bucket] > 0) sum += many_[bucket] * value_of(std::uint16_t(bucket));
    return sum;
}

std::vector<std::uint8_t> Distribution::packed() const {
    Distribution all = *this;
    if (all.many_.empty()) all.spread();
    std::vector<std::uint8_t> bytes;
    const auto put = [&](std::uint32_t number) {
        bytes.push_back(std::uint8_t(number));
        bytes.push_back(std::uint8_t(number >> 8));
    };
    for (std::size_t bucket = 0; bucket < all.many_.size(); ++bucket) {
        for (auto left = all.many_[bucket]; left > 0;) {
            const auto now = std::min<std::uint32_t>(left, kMostBucket);
            put(std::uint32_t(bucket));
            put(now);
            left -= now;
        }
    }
    return bytes;
}

bool Distribution::add_packed(std::span<const std::uint8_t> packed) {
    if (packed.size() % 4 != 0) return false;
    const auto number = [&](std::size_t at) {
        return std::uint16_t(packed[at] | packed[at + 1] << 8);
    };
    std::int64_t more = 0;
    std::uint16_t most = 0;
    for (std::size_t at = 0; at < packed.size(); at += 4) {
        most = std::max(most, number(at));
        more += number(at + 2);
    }
    const bool many = make_room(more, most);
    for (std::size_t at = 0; at < packed.size(); at += 4) {
        if (many) {
            many_[number(at)] += number(at + 2);
        } else {
            few_.insert(few_.end(), number(at + 2), number(at));
        }
    }
    return true;
}

}  // namespace storage
