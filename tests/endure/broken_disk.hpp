// A folder of this process whose disk fails for a while, as the calls of libc tell it: what writes
// there, or opens for it, gets an error. Reading goes on.
#pragma once

#include <filesystem>
#include <string>

namespace endure::broken_disk {

struct Failure {
    int opening = 0;  // errno of opening for writing, making, renaming and removing; 0: they work
    int writing = 0;  // of writing to what is open, and of making it longer
    int syncing = 0;
};

// Of all whose path begins so, as a folder with what is below it, or a file with its neighbours
// ("miner.db", "miner.db-wal").
void fail(const std::filesystem::path& prefix, Failure failure);
void mend();
int calls_failed();  // since the start of the process

}  // namespace endure::broken_disk
