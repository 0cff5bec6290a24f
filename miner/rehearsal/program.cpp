#include "miner/rehearsal/program.hpp"

#include "generator/errc.hpp"
#include "miner/rehearsal/judge.hpp"
#include "miner/rehearsal/pictures.hpp"
#include "miner/rehearsal/prompts.hpp"
#include "network/base64.hpp"
#include "network/uuid.hpp"

#include <optional>

namespace miner {
namespace {

config::Result<std::vector<NamedPicture>> pictures_of(const config::Rehearse& settings) {
    auto pictures = settings.pictures.empty()
                        ? config::Result<std::vector<NamedPicture>>(embedded_pictures())
                        : pictures_in(settings.pictures);
    if (pictures && pictures->empty())
        return config::fail(generator::Errc::missing_file,
                            "no pictures; name a folder with --pictures");
    return pictures;
}

}  // namespace

config::Result<Program> make_program(const config::Settings& settings) {
    const auto pictures = pictures_of(settings.rehearse);
    if (!pictures) return pictures.error();
    const auto prompts = embedded_prompts();
    const bool embedded_model = settings.generator.model.empty();
    std::vector<std::optional<JudgedBy>> judged(pictures->size());
    std::size_t next_picture = 0, next_prompt = 0;
    Program program;
    for (int i = 0; i < settings.rehearse.tasks; ++i) {
        const auto id = network::random_uuid();
        auto& objects = program.objects[id];
        if (is_prompt(i, settings.rehearse.text_share)) {
            const auto& prompt = prompts[next_prompt++ % prompts.size()];
            if (embedded_model) objects = prompt.objects;
            program.tasks.push_back({network::TaskKind::text, id, prompt.words});
            program.names[id] = {prompt.words,
                                 objects.empty() ? JudgedBy::density : JudgedBy::truth};
        } else {
            const auto which = next_picture++ % pictures->size();
            const auto& picture = (*pictures)[which];
            if (embedded_model) objects = picture.objects;
            program.tasks.push_back(
                {network::TaskKind::image, id, network::base64_encode(picture.bytes)});
            auto& by = judged[which];  // large pictures are looked at once
            if (!by) by = judged_by(program.tasks.back(), embedded_truth(objects));
            program.names[id] = {picture.name.substr(0, picture.name.rfind('.')), *by};
        }
    }
    return program;
}

}  // namespace miner
