// Forms with files, as browsers and programs post them (multipart/form-data, RFC 7578). Pure, over
// a body whose size the server has bounded already.
#pragma once

#include "config/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace network {

struct FormPart {
    std::string name;
    std::string filename;       // empty: a plain field, or a file without a name
    std::string_view contents;  // within the body
};

struct MultipartLimits {
    std::size_t parts = 32;
    std::size_t header_bytes = 4096;  // of one part
};

// `content_type`: the request's header. Fails with malformed, saying what is wrong with the form.
config::Result<std::vector<FormPart>> parse_multipart(std::string_view content_type,
                                                      std::string_view body,
                                                      MultipartLimits limits = {});

}  // namespace network
