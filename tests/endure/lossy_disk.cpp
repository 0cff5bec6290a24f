#include "tests/endure/lossy_disk.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <utility>

#include <sys/stat.h>

namespace endure {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSector = 512;  // is written wholly or not at all

std::string read_file(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::uint64_t inode_of(const fs::path& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) throw std::runtime_error("no " + path.string());
    return status.st_ino;
}

void write_into(std::string& content, std::size_t offset, std::string_view bytes) {
    if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), content.begin() + std::ptrdiff_t(offset));
}

bool is_of_names(Change change) {
    return change == Change::create || change == Change::make_folder || change == Change::remove ||
           change == Change::rename;
}

bool is_of_content(Change change) { return change == Change::write || change == Change::truncate; }

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Which changes of names and content a cut leaves.
struct Kept {
    bool all = true;    // of a renaming: also that the old name is gone
    bool part = false;  // of a renaming: the new name alone; of a write: some sectors
};

}  // namespace

std::string_view name(Loss loss) {
    constexpr std::string_view kNames[] = {"none", "all", "tail", "some"};
    return kNames[std::size_t(loss)];
}

LossyDisk::LossyDisk(const fs::path& folder) : folder_(folder) {
    scan(folder);
    now_ = before_;
}

NodeId LossyDisk::scan(const fs::path& path) {
    const auto id = next_++;
    by_inode_[inode_of(path)] = id;
    Node node;
    node.folder = fs::is_directory(path);
    if (node.folder)
        for (const auto& entry : fs::directory_iterator(path))
            node.names[entry.path().filename().string()] = scan(entry.path());
    else
        node.content = read_file(path);
    before_[id] = std::move(node);
    return id;
}

NodeId LossyDisk::node_of(std::uint64_t inode) const {
    const auto found = by_inode_.find(inode);
    if (found == by_inode_.end()) throw std::runtime_error("the trace names a file never made");
    return found->second;
}

// The folder that holds the name, as names stand at this step.
std::pair<NodeId, std::string> LossyDisk::place_of(std::string_view path) const {
    const auto relative = fs::path(path).lexically_relative(folder_);
    NodeId at = kRoot;
    for (const auto& part : relative.parent_path()) {
        const auto& names = now_.at(at).names;
        const auto found = names.find(part.string());
        if (found == names.end()) throw std::runtime_error("no folder for " + std::string(path));
        at = found->second;
    }
    return {at, relative.filename().string()};
}

void LossyDisk::resolve(const TraceHead& head, std::string_view path, std::string_view second,
                        std::string bytes) {
    Step step{.change = head.change,
              .node = 0,
              .folder = 0,
              .to_folder = 0,
              .name = {},
              .to_name = {},
              .offset = head.offset,
              .bytes = std::move(bytes)};
    if (!path.empty()) std::tie(step.folder, step.name) = place_of(path);
    if (!second.empty()) std::tie(step.to_folder, step.to_name) = place_of(second);
    switch (head.change) {
        case Change::create:
        case Change::make_folder:
            step.node = next_++;
            by_inode_[head.node] = step.node;
            now_[step.node].folder = head.change == Change::make_folder;
            now_[step.folder].names[step.name] = step.node;
            break;
        case Change::remove:
        case Change::rename:
            step.node = now_.at(step.folder).names.at(step.name);
            now_[step.folder].names.erase(step.name);
            if (head.change == Change::rename) now_[step.to_folder].names[step.to_name] = step.node;
            break;
        case Change::write:
        case Change::truncate:
        case Change::sync:
            step.node = node_of(head.node);
            break;
        case Change::mark:
            break;
    }
    steps_.push_back(std::move(step));
}

void LossyDisk::read(const fs::path& trace) {
    const auto whole = read_file(trace);
    std::size_t at = 0;
    const auto take = [&](std::size_t size) {
        if (whole.size() - at < size) throw std::runtime_error("the trace ends early");
        return std::string_view(whole).substr(std::exchange(at, at + size), size);
    };
    while (at < whole.size()) {
        TraceHead head;
        const auto raw = take(sizeof head);
        std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(&head));
        const auto path = take(head.path), second = take(head.second_path);
        resolve(head, path, second, std::string(take(head.bytes)));
    }
}

std::string LossyDisk::marks(std::size_t changes) const {
    std::string text;
    for (std::size_t i = 0; i < changes; ++i)
        if (steps_[i].change == Change::mark) text += steps_[i].bytes;
    return text;
}

std::string LossyDisk::describe(std::size_t change) const {
    constexpr const char* kNames[] = {"create", "make folder", "write",  "truncate",
                                      "sync",   "remove",      "rename", "mark"};
    const auto& step = steps_.at(change);
    auto text = std::string(kNames[std::size_t(step.change)]) + " node " +
                std::to_string(step.node) + " " + step.name;
    if (!step.to_name.empty()) text += " to " + step.to_name;
    if (is_of_content(step.change))
        text += " at " + std::to_string(step.offset) + ", " + std::to_string(step.bytes.size()) +
                " bytes";
    return text;
}

Tree LossyDisk::after_cut(std::size_t changes, Loss loss, std::mt19937& random) const {
    const auto coin = [&] { return random() % 2 == 0; };
    const std::size_t tail = changes == 0 ? 0 : random() % (changes + 1);
    // From the end: what was synced later than a change holds it.
    std::set<NodeId> synced;
    std::vector<Kept> kept(changes);
    for (std::size_t i = changes; i-- > 0;) {
        const auto& step = steps_[i];
        if (step.change == Change::sync) synced.insert(step.node);
        const bool names = is_of_names(step.change);
        const bool moved = step.change == Change::rename && step.to_folder != step.folder;
        const bool here = synced.contains(names ? step.folder : step.node);
        const bool there = moved ? synced.contains(step.to_folder) : here;
        if (loss == Loss::none || (here && there)) continue;
        const bool stays = loss == Loss::tail ? i < tail : loss == Loss::some && coin();
        kept[i].all = stays;
        // One of the two folders was synced: of a renaming, which is one change, at least that
        // half.
        if (!stays && moved && there) kept[i].part = true;
        if (!stays && moved && here) kept[i].all = true;
        if (!stays && step.change == Change::write && loss == Loss::some) kept[i].part = coin();
    }
    Tree tree = before_;
    for (std::size_t i = 0; i < changes; ++i) {
        const auto& step = steps_[i];
        const auto forget_old_name = [&] {
            auto& names = tree[step.folder].names;
            const auto old = names.find(step.name);
            if (old != names.end() && old->second == step.node) names.erase(old);
        };
        if (step.change == Change::create || step.change == Change::make_folder)
            tree[step.node].folder = step.change == Change::make_folder;
        if (!kept[i].all && !kept[i].part) continue;
        switch (step.change) {
            case Change::create:
            case Change::make_folder:
                tree[step.folder].names[step.name] = step.node;
                break;
            case Change::remove:
                forget_old_name();
                break;
            case Change::rename:
                tree[step.to_folder].names[step.to_name] = step.node;
                if (kept[i].all) forget_old_name();
                break;
            case Change::truncate:
                tree[step.node].content.resize(std::size_t(step.offset));
                break;
            case Change::write:
                for (std::size_t at = 0; at < step.bytes.size();) {
                    const auto place = std::size_t(step.offset) + at;
                    const auto size = std::min(kSector - place % kSector, step.bytes.size() - at);
                    if (kept[i].all || coin())
                        write_into(tree[step.node].content, place,
                                   std::string_view(step.bytes).substr(at, size));
                    at += size;
                }
                break;
            case Change::sync:
            case Change::mark:
                break;
        }
    }
    return tree;
}

void put_back(const Tree& tree, const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder)) fs::remove_all(entry.path());
    const auto put = [&](const auto& self, NodeId id, const fs::path& path) -> void {
        const auto& node = tree.at(id);
        if (!node.folder) {
            std::ofstream(path, std::ios::binary) << node.content;
            return;
        }
        fs::create_directory(path);
        for (const auto& [name, below] : node.names) self(self, below, path / name);
    };
    for (const auto& [name, id] : tree.at(kRoot).names) put(put, id, folder / name);
}

std::string difference(const Tree& tree, const fs::path& folder) {
    std::string found;
    std::set<std::string> seen;
    const auto look = [&](const auto& self, NodeId id, const fs::path& path) -> void {
        const auto& node = tree.at(id);
        seen.insert(path.string());
        if (ends_with(path.string(), "-shm")) return;
        if (node.folder) {
            for (const auto& [name, below] : node.names) self(self, below, path / name);
            if (!fs::is_directory(path)) found += path.string() + " is no folder; ";
        } else if (!fs::is_regular_file(path)) {
            found += path.string() + " is not there; ";
        } else if (read_file(path) != node.content) {
            found += path.string() + " has another content; ";
        }
    };
    look(look, kRoot, folder);
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (!seen.contains(entry.path().string()) && !ends_with(entry.path().string(), "-shm"))
            found += entry.path().string() + " should not be there; ";
    return found;
}

}  // namespace endure
