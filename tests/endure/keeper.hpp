// Keeps one thing after another in a folder and says so on standard output, a line each, once the
// call has returned: what the line names must be there whatever happens next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace endure {

// Tasks from `first` on, so many; a number that grows; a file that is written over. 0, or what
// failed is on standard error.
int keep(const std::filesystem::path& folder, int first, int tasks);

// What `keep` wrote of this task.
std::string task_id(int task);
std::vector<std::uint8_t> result_of(int task);
std::string note_of(int task);

// The miner's start as far as the folder goes: goes on with a restore that was cut off.
int open_kept(const std::filesystem::path& folder);

}  // namespace endure
