// Whether what was measured again and again stayed level. Pure.
#pragma once

#include <string>
#include <vector>

namespace endure {

// What a process held, at one moment.
struct Sample {
    double seconds = 0;  // since the first
    double tasks = 0;    // done so far
    double rss_kb = 0;
    double heap_kb = 0;  // of it, what the allocator had given out
    double descriptors = 0, threads = 0;
    double database_kb = 0, wal_kb = 0, log_kb = 0, assets_kb = 0;
};

// The median of the slopes between any two points (Theil and Sen's): up to three points in ten may
// lie anywhere. 0 where all x are the same.
double slope(const std::vector<double>& x, const std::vector<double>& y);

// The first third is for warming up; the rest is judged.
struct LevelLimits {
    // Growth of memory along its slope. Less than `noise_kb` in all is none.
    double memory_kb_per_hour = 8 << 10, memory_kb_per_10000_tasks = 1 << 10, noise_kb = 4 << 10;
    // The most in the last third, beyond the most in the second.
    double descriptors = 8, threads = 2, wal_kb = 4 << 10, assets_kb = 4 << 10;
    // Of the database by a task, in the last third and the second.
    double database_ratio = 1.1, database_kb_per_task = 0.1;
    double log_kb = 0;        // at any time; 0: nobody says
    double least_tasks = 30;  // in each third
};

struct Levels {
    double heap_kb_per_hour = 0, heap_kb_per_10000_tasks = 0;
    double rss_kb_per_hour = 0, rss_kb_per_10000_tasks = 0;
    double database_kb_per_task = 0;  // in the last third
    std::vector<std::string> broken;  // what is not level
};
Levels judge_levels(const std::vector<Sample>& samples, const LevelLimits& limits = {});

// What of descriptors and threads a process held more of at last than early on, when it had as much
// to do, by more than is allowed; a line each.
std::vector<std::string> risen(const Sample& early, const Sample& late, double descriptors,
                               double threads);

}  // namespace endure
