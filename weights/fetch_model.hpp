// Published files as a folder that the generator can load: plan, room on the disk, files, lock.
// Resumes where an earlier fetch was cut off, and fetches again only what changed. A model's
// pipeline.json, without which nothing loads it, gets its place last.
#pragma once

#include "weights/hub.hpp"
#include "weights/model_plan.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace weights {

struct FetchWatch {
    // What is to be fetched; called once.
    std::function<void(std::size_t files, std::int64_t bytes)> plan;
    std::function<void(const std::string& path, std::int64_t bytes)> file;  // one begins
    Hub::Progress progress;
    // The lock is damaged: its file, and what is wrong. Every file is looked at anew.
    std::function<void(const std::string& what)> notice = {};
};

// How much room a folder has: std::filesystem::space in earnest. Negative: nobody knows.
using FreeBytes = std::function<std::int64_t(const std::filesystem::path&)>;

// Fails as the hub does; with no_space before the first byte when the files would not fit; with
// malformed when the repository is no TRELLIS pipeline or lacks a file.
boost::asio::awaitable<config::Result<void>> fetch_model(Hub& hub, std::string repository,
                                                         std::string revision,
                                                         std::filesystem::path folder,
                                                         FetchWatch watch, FreeBytes free_bytes);

// Just these files, with their lock; other files of the folder and of its lock stay. Fails
// likewise.
boost::asio::awaitable<config::Result<void>> fetch_files(Hub& hub, std::vector<Wanted> wanted,
                                                         std::filesystem::path folder,
                                                         FetchWatch watch, FreeBytes free_bytes);

// Of the file system that `folder` is or will be on; -1 when it cannot be told.
std::int64_t free_bytes_at(const std::filesystem::path& folder);

}  // namespace weights
