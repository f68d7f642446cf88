#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/addresses.h"
#include "base/result.h"
#include "drivers/networks/namespaces.h"

/// Sets of nf_tables that rules look into. The rules declare them; what is in them is replaced
/// here alone, because that happens with every instance that comes, goes or moves.
namespace vdc::drivers::networks {

struct FilterSet {
    std::string name;
    std::string type;               ///< as nft writes it
    std::vector<std::string> keys;  ///< sorted; as the kernel compares them: fields of words
    friend bool operator==(const FilterSet&, const FilterSet&) = default;
};

/// Six bytes, the highest first: as they stand in frames, and in a set whose keys are MACs alone.
std::string mac_bytes(base::Mac mac);

/// Fields of keys that have several: filled up with zeros to whole words, numbers with the highest
/// byte first.
std::string text_field(std::string text, std::size_t size);
std::string number_field(std::uint64_t number, int width);
inline std::string mac_field(base::Mac mac) {
    return text_field(mac_bytes(mac), 6);
}
inline std::string address_field(base::Ipv4 address) {
    return number_field(address.bits, 4);
}

/// A table of rules: "" is the namespace that the calling thread is in.
struct FilterTable {
    std::string namespace_name;
    TableFamily family = TableFamily::inet;
    std::string name;
};

/// Makes the table's sets be so, in one transaction. `before`: what the same sets hold, when that
/// is certain: then only the difference is touched. Taking something out costs some 10 ms, for
/// which the kernel waits.
base::Status fill_sets(const FilterTable& table, const std::vector<FilterSet>& sets,
                       const std::vector<FilterSet>* before);

}  // namespace vdc::drivers::networks
