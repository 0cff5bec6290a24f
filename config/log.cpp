#include "config/log.hpp"

#include "config/durable_file.hpp"
#include "config/errc.hpp"
#include "config/last_lines.hpp"
#include "config/log_file.hpp"

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <mutex>
#include <utility>
#include <vector>

namespace config {
namespace {

constexpr std::string_view kLogName = "miner.log";

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::trace:
            return spdlog::level::trace;
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

// Lines come finished (log_line.hpp); what is left is to say where the level stands, for its
// colour.
class FinishedLine final : public spdlog::formatter {
public:
    explicit FinishedLine(bool json) : json_(json) {}

    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
        constexpr std::size_t kLevel = std::string_view("2026-11-23 14:02:11.123 ").size();
        message.color_range_start = json_ ? 0 : kLevel;
        message.color_range_end = json_ ? 0 : kLevel + 5;
        out.append(message.payload.begin(), message.payload.end());
        out.push_back('\n');
    }

    std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<FinishedLine>(json_);
    }

private:
    bool json_;
};

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit FunctionSink(Logger::Sink lines) : sink_(std::move(lines)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        sink_({message.payload.data(), message.payload.size()});
    }
    void flush_() override {}

    Logger::Sink sink_;
};

class FileSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit FileSink(std::shared_ptr<LogFile> file) : file_(std::move(file)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        file_->write({line.data(), line.size()});
    }
    void flush_() override {}

    std::shared_ptr<LogFile> file_;
};

// The one sink of each logger, which hands on to the others: unlike the logger's own list it may
// grow while others log.
using AllSinks = spdlog::sinks::dist_sink_mt;

std::shared_ptr<spdlog::logger> make_logger(std::vector<spdlog::sink_ptr> sinks, Level level,
                                            bool json) {
    auto logger = std::make_shared<spdlog::logger>("miner", std::make_shared<AllSinks>(sinks));
    logger->set_formatter(std::make_unique<FinishedLine>(json));
    logger->set_level(to_spdlog(level));
    // A killed miner must leave its last words; there are a few lines a task, so each may be
    // flushed.
    logger->flush_on(spdlog::level::trace);
    return logger;
}

Result<LogFile> open_file(const std::filesystem::path& path, const Log& log) {
    const auto refuse = [&](const std::string& why) {
        return fail(
            Errc::cannot_log,
            fmt::format("{} ({}); make its folder writable, name another file with --log.file, "
                        "or go without one with --log.file none",
                        path.string(), why));
    };
    if (path.has_parent_path())
        if (const auto made = make_folders(path.parent_path()); !made)
            return refuse(made.error().code.message());
    auto file = LogFile::open(path, std::int64_t(log.max_mb) << 20, log.files);
    if (file) return file;
    const bool unread = file.error().code == boost::system::errc::no_such_device_or_address;
    return refuse(unread ? "nobody reads from it" : file.error().code.message());
}

}  // namespace

Level parse_level(std::string_view text) {
    for (const Level level : {Level::trace, Level::debug, Level::warn, Level::error}) {
        if (text == name_of(level)) return level;
    }
    return Level::info;
}

Result<Logger> Logger::open(const Log& log, const std::filesystem::path& storage_folder,
                            bool debug) {
    std::vector<spdlog::sink_ptr> sinks;
    if (log.console) sinks.push_back(std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    std::shared_ptr<LogFile> file;
    if (log.file != "none") {
        const auto path =
            log.file == "auto" ? storage_folder / kLogName : std::filesystem::path(log.file);
        auto opened = open_file(path, log);
        if (!opened) return opened.error();
        file = std::make_shared<LogFile>(std::move(*opened));
        sinks.push_back(std::make_shared<FileSink>(file));
    }
    const Level level = parse_level(log.level);
    Logger logger(
        make_logger(std::move(sinks), debug ? std::min(level, Level::debug) : level, log.json),
        log.json);
    logger.file_ = std::move(file);
    return logger;
}

Logger::Logger(Level level, bool json, Sink sink)
    : Logger(make_logger({std::make_shared<FunctionSink>(std::move(sink))}, level, json), json) {}

Logger::Logger(std::shared_ptr<spdlog::logger> logger, bool json)
    : logger_(std::move(logger)), json_(json) {}

void Logger::event(Level level, std::string_view event, std::initializer_list<LogField> fields) {
    if (!enabled(level)) return;
    const LogEvent what{
        std::chrono::system_clock::now(), level, event, {fields.begin(), fields.size()}};
    const auto line = json_ ? json_line(what) : text_line(what);
    keep_line(line);
    logger_->log(to_spdlog(level), spdlog::string_view_t(line));
}

void Logger::add(Sink sink) {
    static_cast<AllSinks&>(*logger_->sinks().front())
        .add_sink(std::make_shared<FunctionSink>(std::move(sink)));
}

void Logger::reopen() {
    if (file_) file_->reopen();
}

bool Logger::enabled(Level level) const { return logger_->should_log(to_spdlog(level)); }

void Logger::flush() { logger_->flush(); }

}  // namespace config
