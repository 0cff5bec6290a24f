#include "network/errc.hpp"
#include "network/wallet/keyfile.hpp"

#include <boost/json/parse.hpp>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <system_error>

namespace network {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargest = 64 << 10;  // a key file has some 600 bytes

// A small file's bytes, wiped at the end.
class FileText {
public:
    FileText() : bytes_(std::make_unique<Secret<kLargest>>()) {}

    std::string_view text() const {
        return {reinterpret_cast<const char*>(bytes_->bytes().data()), size_};
    }

    // Fills from an open file. False when it cannot be read, with errno as it was left.
    bool read_from(int file) {
        while (size_ < kLargest) {
            const auto rest = bytes_->bytes().subspan(size_);
            const ssize_t count = ::read(file, rest.data(), rest.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return false;
            if (count == 0) break;
            size_ += std::size_t(count);
        }
        return true;
    }

private:
    std::unique_ptr<Secret<kLargest>> bytes_;
    std::size_t size_ = 0;
};

struct File {
    FileText content;
    mode_t mode = 0;
};

std::string reason(int error) { return std::generic_category().message(error); }

// A regular file, whole. A pipe would have us wait and a device may act on being opened: O_NONBLOCK
// and a look before reading.
config::Result<File> read_file(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0) return config::fail(Errc::no_key_file, reason(errno));
    struct Closer {
        int descriptor;
        ~Closer() { ::close(descriptor); }
    } closer{descriptor};

    struct stat status;
    if (::fstat(descriptor, &status) != 0) return config::fail(Errc::no_key_file, reason(errno));
    if (S_ISDIR(status.st_mode)) return config::fail(Errc::bad_key_file, "it is a folder");
    if (!S_ISREG(status.st_mode))
        return config::fail(Errc::bad_key_file, "it is not a regular file");
    if (status.st_size >= std::int64_t(kLargest)) {
        return config::fail(Errc::bad_key_file, "it is larger than any key file (64 KiB)");
    }
    File file;
    file.mode = status.st_mode;
    if (!file.content.read_from(descriptor)) return config::fail(Errc::no_key_file, reason(errno));
    return file;
}

std::string home() {
    if (const char* variable = std::getenv("HOME"); variable != nullptr && *variable != '\0')
        return variable;
    std::array<char, 4096> buffer;
    passwd entry;
    passwd* found = nullptr;
    ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr ? found->pw_dir : "";
}

fs::path wallet_folder(const config::Wallet& wallet) {
    std::string path = wallet.path;
    if (path == "~" || path.starts_with("~/")) path.replace(0, 1, home());
    return fs::path(path) / wallet.name;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
           name.find('\0') == name.npos;
}

// True for what leads to a coldkey: its name, directly or behind links, or the same file by another
// name.
bool is_coldkey(const fs::path& path, const fs::path& folder) {
    std::error_code ignored;
    const fs::path target = fs::weakly_canonical(path, ignored);
    return path.lexically_normal().filename() == "coldkey" || target.filename() == "coldkey" ||
           fs::equivalent(path, folder / "coldkey", ignored);
}

// What coldkeypub.txt says, when there is one and it can be read.
std::optional<std::string> coldkey_address(const fs::path& folder) {
    const auto file = read_file(folder / "coldkeypub.txt");
    if (!file) return std::nullopt;
    boost::json::error_code failure;
    const auto value = boost::json::parse(file->content.text(), failure);
    const auto* object = failure ? nullptr : value.if_object();
    const auto* address = object != nullptr ? object->if_contains("ss58Address") : nullptr;
    if (address == nullptr || !address->is_string()) return std::nullopt;
    return std::string(address->get_string());
}

std::string remedy(const config::Wallet& wallet) {
    return "; make a hotkey with `btcli wallet new-hotkey --wallet.name " + wallet.name +
           " --wallet.hotkey " + wallet.hotkey +
           "`, or say where one is with --wallet.path, --wallet.name and --wallet.hotkey";
}

}  // namespace

fs::path hotkey_path(const config::Wallet& wallet) {
    return wallet_folder(wallet) / "hotkeys" / wallet.hotkey;
}

config::Result<LoadedKey> load_hotkey(const config::Wallet& wallet) {
    const fs::path folder = wallet_folder(wallet);
    const fs::path path = hotkey_path(wallet);
    const auto fail = [&](Errc code, const std::string& why) {
        return config::fail(code, path.string() + ": " + why);
    };
    if (is_coldkey(path, folder)) return fail(Errc::coldkey, "name a hotkey with --wallet.hotkey");
    if (!is_plain_name(wallet.name))
        return fail(Errc::bad_key_file, "wallet.name is not the name of a folder");
    if (!is_plain_name(wallet.hotkey)) {
        return fail(Errc::bad_key_file,
                    "wallet.hotkey is not the name of a file in the folder hotkeys");
    }

    const auto file = read_file(path);
    if (!file) {
        const auto& error = file.error();
        const bool absent = error.code == Errc::no_key_file;
        return config::Error{error.code,
                             path.string() + ": " + error.detail + (absent ? remedy(wallet) : "")};
    }
    auto key = parse_keyfile(file->content.text());
    if (!key) return config::Error{key.error().code, path.string() + ": " + key.error().detail};
    if (coldkey_address(folder) == key->address()) {
        return fail(Errc::coldkey,
                    "its key is the wallet's coldkey; name another with --wallet.hotkey");
    }

    LoadedKey loaded{*std::move(key), {}};
    if ((file->mode & (S_IRWXG | S_IRWXO)) != 0) {
        loaded.warning =
            path.string() + " is open to other users; close it with: chmod 600 " + path.string();
    }
    return loaded;
}

}  // namespace network
