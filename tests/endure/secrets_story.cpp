#include "tests/endure/secrets_story.hpp"

#include "config/version.hpp"
#include "network/http/client.hpp"
#include "network/simulator/validator.hpp"
#include "tests/endure/canary.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

namespace endure {
namespace {

using namespace std::chrono_literals;
using tests::Process;
using tests::ProcessExit;

std::string read_file(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class SecretsStory {
public:
    SecretsStory(int signal, bool sealed)
        : signal_(signal), key_(sealed ? recorded_sealed_key_file() : recorded_key_file()) {
        canaries_ = canaries_of(recorded_key_file().content);
        if (sealed) canaries_.push_back({"password", key_.password});
        write_wallet(place_, key_);
        network::LocalValidator::Options options;
        options.tasks = {image_task("a"), image_task("b")};
        options.time_scale = 0.0001;
        options.miners = {key_.address};
        validator_ = network::LocalValidator::start(
                         tests::key_of(100),
                         [](const network::Task&, const std::vector<std::uint8_t>&) {
                             return network::Evaluation{0.9, ""};
                         },
                         std::move(options))
                         .value();
    }

    SecretsFigures tell() {
        auto words = mining_words(place_, {validator_->peer()});
        words.insert(words.end(), {"--log.level", "trace", "--http.listen", "127.0.0.1:0"});
        auto command = place_.subject(std::move(words));
        if (!key_.password.empty()) command.environment["MINER_WALLET_PASSWORD"] = key_.password;
        Process miner(std::move(command));
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (!validator_->drained() && std::chrono::steady_clock::now() < until)
            if (miner.wait(5ms)) break;
        demand(validator_->drained(), "the miner did not work off its tasks: " + miner.err());
        if (!figures_.broken.empty()) return std::move(figures_);
        look_into(miner.pid());
        ask_page();
        back_up();
        miner.signal(signal_);
        const auto end = miner.wait(kPatience);
        demand(end == ProcessExit{.code = -1, .signal = signal_}, "it did not end by the signal");
        look_at_report();
        look_at_text("standard output", miner.out());
        look_at_text("standard error", miner.err());
        look_at_files();
        return std::move(figures_);
    }

private:
    void demand(bool holds, const std::string& words) {
        if (!holds) figures_.broken.push_back(words);
    }

    void look_at_text(const std::string& where, std::string_view text) {
        for (const auto& what : found_in(text, canaries_)) demand(false, what + " in " + where);
    }

    void look_into(pid_t process) {
        const auto scan = scan_memory(process, canaries_);
        figures_.memory = scan.bytes;
        for (const auto& what : scan.found) demand(false, what + " of the memory");
        // Else nothing was looked for that is there.
        demand(!scan.locked.empty(), "the key is not in locked memory");
        const auto of = "/proc/" + std::to_string(process);
        for (const char* name : {"/environ", "/cmdline"}) look_at_text(name, read_file(of + name));
    }

    std::string log() const { return read_file(place_.storage() / "miner.log"); }

    void ask_page() {
        constexpr std::string_view kMark = "status page url=http://127.0.0.1:";
        const auto text = log();
        const auto at = text.find(kMark);
        if (at == text.npos) return demand(false, "there is no page");
        for (const char* target :
             {"/", "/api/now", "/api/stats", "/api/tasks", "/metrics", "/health", "/version"}) {
            network::HttpRequest request;
            request.host = "127.0.0.1";
            request.port = std::uint16_t(std::stoi(text.substr(at + kMark.size())));
            request.method = "GET";
            request.target = target;
            const auto answer = tests::run(network::request(std::move(request), {}));
            demand(answer && answer->status == 200, std::string("no answer to ") + target);
            if (answer) look_at_text(target, answer->body);
            ++figures_.answers;
        }
    }

    void back_up() {
        const auto copied = tests::run_to_end(
            place_.subject({"backup", (place_.data() / "safe" / "copy.db").string(),
                            "--storage.path", place_.storage()}),
            kPatience);
        demand(copied.exit_status == ProcessExit{.code = 0}, "no backup: " + copied.err);
    }

    void look_at_report() {
        std::optional<fs::path> report;
        for (const auto& entry : fs::directory_iterator(place_.storage()))
            if (entry.path().filename().string().starts_with("crash-")) report = entry.path();
        if (!report) return demand(false, "the crash left no report");
        const auto text = read_file(*report);
        demand(text.starts_with("miner " + config::version_and_commit() + " ended by SIG"),
               "the report does not begin with the version: " + text.substr(0, 100));
        demand(text.find("(" + std::to_string(signal_) + ")") != text.npos, "no signal in it");
        demand(text.find("endure_subject(+0x") != text.npos, "no stack in it");
        demand(text.find(" feedback task=") != text.npos, "no line of the log in it");
    }

    // Also whether somebody else may look: files 600, folders 700.
    void look_at_files() {
        for (const auto& entry : fs::recursive_directory_iterator(place_.data())) {
            const auto name = entry.path().string();
            const auto wanted = entry.is_directory()
                                    ? fs::perms::owner_all
                                    : fs::perms::owner_read | fs::perms::owner_write;
            demand(entry.status().permissions() == wanted, name + " is open to others");
            if (!entry.is_regular_file()) continue;
            ++figures_.files;
            look_at_text(name, read_file(entry.path()));
        }
    }

    const int signal_;
    Place place_;
    const KeyFile key_;
    std::vector<Canary> canaries_;
    std::unique_ptr<network::LocalValidator> validator_;
    SecretsFigures figures_;
};

}  // namespace

SecretsFigures secrets_story(int signal, bool sealed) {
    return SecretsStory(signal, sealed).tell();
}

}  // namespace endure
