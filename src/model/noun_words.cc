#include "model/noun_words.h"

#include <array>

namespace vdc::model {

static constexpr std::array<NounWords, 13> all_words{{
    {Noun::project, "project", "projects"},
    {Noun::host, "host", "hosts"},
    {Noun::flavor, "flavor", "flavors"},
    {Noun::key_pair, "key", "keys"},
    {Noun::image, "image", "images"},
    {Noun::network, "network", "networks"},
    {Noun::volume, "volume", "volumes"},
    {Noun::volume_snapshot, "snapshot", "snapshots"},
    {Noun::port, "port", "ports"},
    {Noun::instance, "instance", "instances"},
    {Noun::application, "app", "apps"},
    {Noun::balance, "balance", "balances"},
    {Noun::operation, "operation", "operations"},
}};

std::span<const NounWords> noun_words() {
    return all_words;
}

std::string_view one_word(Noun noun) {
    return all_words[static_cast<std::size_t>(noun)].one;
}

std::string_view many_word(Noun noun) {
    return all_words[static_cast<std::size_t>(noun)].many;
}

std::optional<Noun> noun_of(std::string_view given) {
    for (const NounWords& each : all_words)
        if (given == each.one || given == each.many || given == word(each.noun)) return each.noun;
    return {};
}

std::vector<std::string> all_one_words() {
    std::vector<std::string> words;
    for (const NounWords& each : all_words) words.emplace_back(each.one);
    return words;
}

}  // namespace vdc::model
