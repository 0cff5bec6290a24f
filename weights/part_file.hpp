// A file on its way: NAME.part, and beside it NAME.part.done, which lists the segments that have
// come, so that a fetch that was cut off goes on where it was. The name itself appears only when
// the whole content is there. Blocking; one thread.
#pragma once

#include "config/descriptor.hpp"
#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weights {

// no_space or io, by the system's error number, with its words.
config::Error system_failure(const std::filesystem::path& file, int error);

// Bytes of the disk that NAME.part has, which a fetch of that name goes on with or gives back.
std::int64_t part_bytes(const std::filesystem::path& name);

class PartFile {
public:
    // `content` names what is fetched (a digest); what is left of another content, of another size
    // or of other segments is thrown away. Creates folders. Fails with no_space and io.
    static config::Result<PartFile> open(const std::filesystem::path& name, std::int64_t size,
                                         const std::string& content, std::int64_t segment_bytes);

    struct Segment {
        std::size_t index;
        std::int64_t begin, end;  // end is behind the last byte
    };

    Segment segment(std::size_t index) const;
    std::vector<std::size_t> missing() const;
    std::int64_t missing_bytes() const;
    const std::filesystem::path& part() const { return part_; }

    // Fails with no_space, io, and malformed when the bytes would end behind the file.
    config::Result<void> write(std::int64_t offset, std::string_view bytes);
    // The segment's bytes are all written: they are synced, then it is listed.
    config::Result<void> complete(std::size_t index);

    // Gives the file its name; every segment must be there.
    config::Result<void> finish();
    // Nothing of it remains.
    void discard();

private:
    PartFile() = default;

    config::Error failure(const std::string& what) const;

    std::filesystem::path name_, part_, list_;
    std::int64_t size_ = 0, segment_bytes_ = 0;
    std::vector<bool> done_;
    config::OwnedDescriptor data_, entries_;
};

}  // namespace weights
