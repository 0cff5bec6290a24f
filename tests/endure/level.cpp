#include "tests/endure/level.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace endure {
namespace {

constexpr std::size_t kMostPoints = 400;  // of a slope: what more say, these do
constexpr std::size_t kLeastSamples = 12;
using Field = double Sample::*;
using Part = std::vector<Sample>;

std::vector<double> column(const Part& samples, Field field) {
    std::vector<double> values;
    for (const auto& sample : samples) values.push_back(sample.*field);
    return values;
}

double most(const Part& samples, Field field) {
    const auto values = column(samples, field);
    return *std::max_element(values.begin(), values.end());
}

double median(std::vector<double>& values) {
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

void complain_of_rise(std::vector<std::string>& broken, const char* what, double before,
                      double after, double slack) {
    if (after > before + slack)
        broken.push_back(fmt::format("{} went from {:.0f} to {:.0f}", what, before, after));
}

class Judge {
public:
    Judge(const Part& samples, const LevelLimits& limits) : limits_(limits) {
        const auto third = std::ptrdiff_t(samples.size() / 3);
        for (int i = 0; i < 3; ++i)
            thirds_[std::size_t(i)].assign(
                samples.begin() + i * third,
                i == 2 ? samples.end() : samples.begin() + (i + 1) * third);
        warm_.assign(samples.begin() + third, samples.end());
    }

    Levels judge() {
        for (const auto& part : thirds_)
            if (const auto done = part.back().tasks - part.front().tasks;
                done < limits_.least_tasks)
                say("too little was done to judge: {:.0f} tasks in a third", done);
        memory("heap", &Sample::heap_kb, levels_.heap_kb_per_hour, levels_.heap_kb_per_10000_tasks);
        memory("resident memory", &Sample::rss_kb, levels_.rss_kb_per_hour,
               levels_.rss_kb_per_10000_tasks);
        bounded("descriptors", &Sample::descriptors, limits_.descriptors);
        bounded("threads", &Sample::threads, limits_.threads);
        bounded("KiB of the database's -wal", &Sample::wal_kb, limits_.wal_kb);
        bounded("KiB of results", &Sample::assets_kb, limits_.assets_kb);
        database();
        if (const auto log = most(warm_, &Sample::log_kb);
            limits_.log_kb > 0 && log > limits_.log_kb)
            say("{:.0f} KiB of log, {:.0f} are allowed", log, limits_.log_kb);
        return std::move(levels_);
    }

private:
    template <class... Values>
    void say(fmt::format_string<Values...> words, Values&&... values) {
        levels_.broken.push_back(fmt::format(words, std::forward<Values>(values)...));
    }

    void memory(const char* what, Field field, double& by_hour, double& by_tasks) {
        const auto values = column(warm_, field);
        const auto by_second = slope(column(warm_, &Sample::seconds), values);
        by_hour = 3600 * by_second;
        by_tasks = 10'000 * slope(column(warm_, &Sample::tasks), values);
        const auto grown = by_second * (warm_.back().seconds - warm_.front().seconds);
        if (grown <= limits_.noise_kb) return;
        if (by_hour > limits_.memory_kb_per_hour || by_tasks > limits_.memory_kb_per_10000_tasks)
            say("{} grows by {:.0f} KiB an hour, {:.0f} by 10,000 tasks", what, by_hour, by_tasks);
    }

    void bounded(const char* what, Field field, double slack) {
        complain_of_rise(levels_.broken, what, most(thirds_[1], field), most(thirds_[2], field),
                         slack);
    }

    static double growth(const Part& part) {
        return slope(column(part, &Sample::tasks), column(part, &Sample::database_kb));
    }

    void database() {
        const auto before = growth(thirds_[1]), after = growth(thirds_[2]);
        levels_.database_kb_per_task = after;
        if (after > before * limits_.database_ratio + limits_.database_kb_per_task)
            say("a task took {:.2f} KiB of the database, later {:.2f}", before, after);
    }

    const LevelLimits limits_;
    std::array<Part, 3> thirds_;
    Part warm_;
    Levels levels_;
};

}  // namespace

double slope(const std::vector<double>& x, const std::vector<double>& y) {
    const auto step = std::max<std::size_t>(1, x.size() / kMostPoints);
    std::vector<double> slopes;
    for (std::size_t i = 0; i < x.size(); i += step)
        for (std::size_t j = i + step; j < x.size(); j += step)
            if (x[j] != x[i]) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
    return slopes.empty() ? 0 : median(slopes);
}

Levels judge_levels(const std::vector<Sample>& samples, const LevelLimits& limits) {
    if (samples.size() < kLeastSamples)
        return {.broken = {fmt::format("{} samples are too few to judge", samples.size())}};
    return Judge(samples, limits).judge();
}

std::vector<std::string> risen(const Sample& early, const Sample& late, double descriptors,
                               double threads) {
    std::vector<std::string> broken;
    complain_of_rise(broken, "descriptors", early.descriptors, late.descriptors, descriptors);
    complain_of_rise(broken, "threads", early.threads, late.threads, threads);
    return broken;
}

}  // namespace endure
