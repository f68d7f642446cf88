#include "drivers/networks/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <array>

#include "base/text.h"

namespace vdc::drivers::networks {

using base::Error;

base::Result<Account> find_account(const std::vector<std::string>& users) {
    std::array<char, 16384> text;
    for (const std::string& name : users) {
        passwd user{};
        passwd* found = nullptr;
        if (::getpwnam_r(name.c_str(), &user, text.data(), text.size(), &found) != 0 || !found)
            continue;
        const gid_t primary = user.pw_gid;
        group its_group{};
        struct group* found_group = nullptr;
        if (::getgrgid_r(primary, &its_group, text.data(), text.size(), &found_group) == 0 &&
            found_group != nullptr)
            return Account{name, its_group.gr_name};
    }
    return Error{Error::Code::unsupported,
                 "this host has none of the users " + base::join(users, ", "),
                 "install the packages that `vdc doctor` names"};
}

}  // namespace vdc::drivers::networks
