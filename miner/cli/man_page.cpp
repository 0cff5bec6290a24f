#include "config/keys.hpp"
#include "config/version.hpp"
#include "miner/cli/arguments.hpp"
#include "miner/cli/completion.hpp"
#include "miner/runtime/exit_code.hpp"

#include <fmt/format.h>

#include <iterator>

namespace miner {
namespace {

using Flag = CommandManual::Flag;

constexpr std::size_t kWidth = 78;  // of the source's lines, as readers of roff like them

// No backslash and no hyphen that roff would take for its own.
std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (c == '\\')
            safe += "\\e";
        else if (c == '-')
            safe += "\\-";
        else
            safe += c;
    }
    return safe;
}

// Words over as many lines as they need, none of which begins with what roff takes for its own.
std::string roff(std::string_view text) {
    std::string lines, line;
    const auto end_line = [&] {
        if (line.starts_with('.') || line.starts_with('\'')) lines += "\\&";
        lines += line + "\n";
        line.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(' ', at), text.size());
        const auto word = escaped(text.substr(at, end - at));
        // A sentence begins on a line of its own: roff knows how far apart two belong.
        const bool sentence = line.ends_with('.') && !line.ends_with("..");
        if (!line.empty() && (sentence || line.size() + 1 + word.size() > kWidth)) end_line();
        line += (line.empty() ? "" : " ") + word;
        at = end + 1;
    }
    end_line();
    lines.pop_back();
    return lines;
}

}  // namespace

std::string render_man_page() {
    std::string text = fmt::format(
        ".TH MINER 1 \"\" \"miner {}\" \"User commands\"\n.SH NAME\nminer \\- mines Bittensor's 3D "
        "subnet: pictures or prompts in, splats out\n.SH SYNOPSIS\n.B "
        "miner\n[\\fISETTING\\fR ...] "
        "[\\fICOMMAND\\fR] [\\fIARGUMENTS\\fR]\n.SH COMMANDS\n",
        config::version());
    const auto out = std::back_inserter(text);
    for (const auto& command : Arguments::manual()) {
        fmt::format_to(out, ".SS miner {}\n{}\n", command.name, roff(command.doc + "."));
        for (const Flag& flag : command.flags)
            fmt::format_to(out, ".TP\n.B {}{}\n{}\n", escaped(flag.names),
                           flag.value.empty() ? "" : " " + escaped(flag.value), roff(flag.doc));
        fmt::format_to(out, ".PP\nExample:\n.PP\n.RS\n.EX\n{}\n.EE\n.RE\n",
                       escaped(command.example));
    }
    text +=
        ".SH SETTINGS\nEach is a flag, an environment variable and a key of the settings file,\n"
        "the stronger first.\n";
    for (const auto& key : config::keys())
        fmt::format_to(out, ".TP\n.B {}\n{}\n", escaped(config::flag_of(key)),
                       roff(fmt::format("{} ({})", key.doc, config::variables_of(key).front())));
    text += ".SH EXIT STATUS\n";
    for (const auto& [code, meaning] : exit_codes())
        fmt::format_to(out, ".TP\n.B {}\n{}\n", int(code), roff(meaning));
    return text;
}

}  // namespace miner
