#pragma once

#include <string>
#include <vector>

/// Images that lie, made here from nothing: foreign files by name, sizes and tables that point
/// outside or at each other, loops, and what unpacks without end.
namespace vdc::drivers::images {

/// What the attacks reach for. Tests that only read may leave it as it is.
struct Targets {
    std::string secret = "/etc/hostname";  ///< a file of the host
    std::string folder = "/etc";           ///< a folder of the host
    std::string listener = "127.0.0.1:1";  ///< an address that must hear nothing
};

struct Attack {
    std::string name;      ///< unique: letters, digits, '_'
    std::string declared;  ///< as the user says
    std::string says;      ///< a part of the sentence that refuses it
    std::string bytes;
    bool is_wrong_word = false;  ///< the declared word is what is wrong, the bytes are sound
};

std::vector<Attack> qcow2_attacks(const Targets& targets);
std::vector<Attack> vmdk_attacks(const Targets& targets);
std::vector<Attack> vhd_attacks();
std::vector<Attack> vhdx_attacks();
std::vector<Attack> other_attacks(const Targets& targets);  ///< raw, polyglots, what we do not take

/// All of them.
std::vector<Attack> attacks(const Targets& targets);

/// Sound to every rule, and yet made to cost: their import ends within its limits.
std::vector<Attack> bombs();

}  // namespace vdc::drivers::images
