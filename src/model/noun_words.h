#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/record.h"

/// How people write the kinds of records: in paths, in documents, in commands, in sentences.
namespace vdc::model {

struct NounWords {
    Noun noun;
    std::string_view one;   ///< "key": the kind of a document, the noun of a command
    std::string_view many;  ///< "keys": the path of the API
};

/// All of them, in the order of Noun.
std::span<const NounWords> noun_words();

std::string_view one_word(Noun noun);
std::string_view many_word(Noun noun);

/// The noun of such a word ("key" or "keys"; or the word of a record, "key_pair"), or nothing.
std::optional<Noun> noun_of(std::string_view word);

/// Every word of `one`: for "did you mean".
std::vector<std::string> all_one_words();

}  // namespace vdc::model
