// Repositories with small files, as a hub on loopback has them.
#pragma once

#include "tests/support/temporary_folder.hpp"
#include "tests/weights/loopback_hub.hpp"
#include "weights/digest.hpp"

#include <fstream>
#include <map>
#include <set>
#include <string>

namespace tests {

// Beneath /hub/; lists and serves as the hub does.
class FakeHub {
public:
    std::map<std::string, std::map<std::string, std::string>> repositories;
    std::string commit{std::string(40, 'a')};
    std::map<std::string, std::string> revisions;  // of repositories that have no main
    std::set<std::string> served;
    std::string forbidden;  // a path that answers 403

    network::ServerReply operator()(const network::ServerRequest& request) {
        for (const auto& [name, files] : repositories) {
            const auto revision = revisions.contains(name) ? revisions.at(name) : "main";
            if (request.target ==
                "/hub/api/models/" + name + "/revision/" + revision + "?blobs=true")
                return {.status = 200, .headers = {}, .body = listing(files)};
            const auto prefix = "/hub/" + name + "/resolve/" + commit + "/";
            if (!request.target.starts_with(prefix)) continue;
            const auto file = request.target.substr(prefix.size());
            if (file == forbidden) return {.status = 403, .headers = {}, .body = "no"};
            served.insert(file);
            return by_ranges(files.at(file), request);
        }
        return {.status = 404, .headers = {}, .body = "no"};
    }

private:
    std::string listing(const std::map<std::string, std::string>& files) const {
        const TemporaryFolder folder;
        std::string siblings;
        for (const auto& [name, content] : files) {
            const auto file = folder.path() / "f";
            std::ofstream(file, std::ios::binary) << content;
            const auto size = std::to_string(content.size());
            siblings += (siblings.empty() ? "" : ",") + (R"({"rfilename":")" + name) +
                        R"(","blobId":")" + weights::git_blob_sha1_of(file).value() +
                        R"(","size":)" + size;
            if (name.ends_with(".safetensors"))
                siblings += R"(,"lfs":{"sha256":")" + weights::sha256_of(file).value() +
                            R"(","size":)" + size + "}";
            siblings += "}";
        }
        return R"({"sha":")" + commit + R"(","siblings":[)" + siblings + "]}";
    }
};

}  // namespace tests
