// How values are spread: what medians and percentiles are told from. Values are rounded first, so
// that many of them are few numbers, which add up. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace storage {

// A duration, rounded to three significant digits, as a number that rises with it. 0: below 0.001
// ms.
std::uint16_t bucket_of_time(double milliseconds);
double time_of_bucket(std::uint16_t bucket);

// A score, rounded to four decimals, 0 to 6.5535.
std::uint16_t bucket_of_score(double score);
double score_of_bucket(std::uint16_t bucket);

class Distribution {
public:
    void add(std::uint16_t bucket, std::uint32_t times = 1);
    void add(const Distribution& other);

    std::int64_t count() const { return count_; }
    // Of all in ascending order the one at `rank`, which is below count().
    std::uint16_t at(std::int64_t rank) const;
    // Nearest rank: the smallest that at least `share` of all do not exceed; 0 for none.
    std::uint16_t percentile(double share) const;

    // Of all, as what `value_of` says of each bucket.
    double sum(double (*value_of)(std::uint16_t)) const;

    // Each bucket with how often it came, 16 bits each, little endian; more often than they hold:
    // several times.
    std::vector<std::uint8_t> packed() const;
    // Adds what was packed. False when it is nothing that was.
    bool add_packed(std::span<const std::uint8_t> packed);

private:
    bool make_room(std::int64_t more, std::uint16_t most);
    void spread();

    std::int64_t count_ = 0;
    std::vector<std::uint16_t> few_;   // one by one, as long as that takes less
    std::vector<std::uint32_t> many_;  // how often each bucket came; empty: all are in few_
};

}  // namespace storage
