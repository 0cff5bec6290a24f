// The results in a batch's folder, and which of what lies there they are. What a batch made and
// nobody touched since is written over; anything else is somebody's own: its name is given to no
// result, or, where a result of that name is due, it is moved aside first. Blocking; one thread at
// a time.
#pragma once

#include "config/descriptor.hpp"
#include "config/result.hpp"
#include "miner/batch/folder.hpp"
#include "miner/batch/manifest.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace miner {

class ResultStore {
public:
    // `lines`: of the manifest, whose results are the batch's own; they `stay` in it, or it is
    // about to be begun without them, and their files are noted as the batch's own. The folder
    // outlives the store. Fails with the system's error, BatchErrc::unreadable and too_large.
    static config::Result<ResultStore> open(const BatchFolder& folder,
                                            std::span<const ManifestLine> lines, bool stay);

    // Files in the folder with this ending (in whatever case) that no batch put there, and previews
    // of what is no result. Fails with the system's error.
    config::Result<std::vector<std::string>> foreign(std::string_view ending) const;

    // Puts the line's file there, whole and on the disk. Returns the name that what lay there and
    // was not as a batch made it has now; empty: there was no such thing. Fails with the system's
    // error.
    config::Result<std::string> put(const ManifestLine& line, std::span<const std::uint8_t> bytes);

    // Gives a file of the folder another name, which none there has, and returns that. Fails with
    // the system's error.
    config::Result<std::string> move_aside(const std::string& file) const;

    // The line is in the manifest, on the disk: that tells now whose its file is.
    void recorded(const ManifestLine& line);
    // And so are all that were asked for: what else lies there stays from now on.
    void all_recorded();

private:
    // SHA-256 of what a batch put in a file's place, or is about to.
    using Owned = std::map<std::string, std::set<std::string>, std::less<>>;

    ResultStore(const BatchFolder& folder, Owned owned, Owned notes)
        : folder_(&folder), owned_(std::move(owned)), notes_(std::move(notes)) {}

    bool is_own(const std::string& file) const;
    config::Result<void> note(const ManifestLine& line);

    const BatchFolder* folder_;
    Owned owned_;
    // Of these no line of the manifest tells: a process that is killed between a file and its line
    // leaves this to tell a result from a file that somebody else put there.
    Owned notes_;
    config::OwnedDescriptor file_;  // of the notes
};

}  // namespace miner
