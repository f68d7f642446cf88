#include "placement/roster.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace vdc::placement {

using base::check;
using base::Error;
using base::Result;
using base::Status;

Amounts claimable(const HostSpec& spec) {
    Amounts all = spec.capacity;
    all -= spec.kept;
    for (std::size_t kind = 0; kind < kinds_max; ++kind) {
        const std::int64_t times = spec.overcommit.of[kind] == 0 ? 1000 : spec.overcommit.of[kind];
        all.of[kind] = all.of[kind] * times / 1000;
    }
    return all;
}

Status check_host(const Kinds& kinds, const HostSpec& spec) {
    const std::string whose = "host " + base::quoted(spec.name);
    TRY(check_amounts(whose + ", its capacity,", kinds, spec.capacity));
    TRY(check_amounts(whose + ", what it keeps,", kinds, spec.kept));
    constexpr std::int64_t overcommit_max = 64'000;
    for (const std::int64_t times : spec.overcommit.of)
        if (times < 0 || times > overcommit_max)
            return Error{Error::Code::invalid,
                         whose + " shall be claimed " + std::to_string(times) +
                             " thousandths of what it has",
                         "overcommit lies between 1 and " + std::to_string(overcommit_max)};
    if (spec.cells.size() > cells_max || spec.accelerators.size() > accelerators_max)
        return Error{Error::Code::too_large,
                     whose + " has " + std::to_string(spec.cells.size()) + " cells and " +
                         std::to_string(spec.accelerators.size()) + " accelerators",
                     "at most " + std::to_string(cells_max) + " and " +
                         std::to_string(accelerators_max) + " are counted"};
    for (const Cell& cell : spec.cells)
        if (std::min({cell.cpu, cell.memory, cell.huge_pages}) < 0 ||
            std::max({cell.cpu, cell.memory, cell.huge_pages}) > amount_max)
            return Error{Error::Code::invalid, whose + " has a cell below 0 or beyond all bounds",
                         "amounts lie between 0 and " + std::to_string(amount_max)};
    return {};
}

/// Of a host's id, or a group.
static std::uint64_t hash_of(const base::Uuid& id) {
    return base::Hasher{}.add(id.high).add(id.low).finish().low;
}

// ---- hosts -------------------------------------------------------------------------------------

Result<Model> Roster::model(const std::string& name) {
    const auto at = std::find(models_.begin(), models_.end(), name);
    if (at != models_.end()) return static_cast<Model>(at - models_.begin());
    if (models_.size() == models_max)
        return Error{Error::Code::too_large,
                     "no room for the accelerator model " + base::quoted(name) + ": there are " +
                         std::to_string(models_max),
                     "name fewer models"};
    models_.push_back(name);
    return static_cast<Model>(models_.size() - 1);
}

Room Roster::empty_room(const HostSpec& spec) const {
    return {claimable(spec), Few<Cell, cells_max>(spec.cells),
            Few<std::int32_t, accelerators_max>(
                std::vector<std::int32_t>(spec.accelerators.size(), whole)),
            claimable(spec)};
}

HostClass Roster::host_class(const HostSpec& spec) {
    HostClass result{{}, spec.traits, spec.dedication};
    for (const std::string& name : spec.accelerators) {
        const auto known = model(name);
        check(known.ok(), "more models of accelerators than a fleet counts");
        result.models.push_back(*known);
    }
    return result;
}

HostSlot Roster::new_slot(model::HostId id) {
    HostSlot slot = static_cast<HostSlot>(hosts_.size());
    if (free_hosts_.empty()) {
        hosts_.emplace_back();
        standings_.emplace_back();
    } else {
        slot = free_hosts_.back();
        free_hosts_.pop_back();
    }
    hosts_[slot] = Entry{};
    hosts_[slot].id = id;
    by_id_.insert(hash_of(id.value), slot);
    return slot;
}

void Roster::set_host(model::HostId id, const HostSpec& spec) {
    check(check_host(kinds_, spec).ok(), "a host that check_host refuses");
    const auto known = find(id);
    const HostSlot slot = known ? *known : new_slot(id);
    Room room = empty_room(spec);
    Entry& entry = hosts_[slot];
    if (known) {
        check(entry.guests == 0 || (entry.spec->cells.size() == spec.cells.size() &&
                                    entry.spec->accelerators.size() == spec.accelerators.size()),
              "other cells or accelerators under an instance");
        for (GuestSlot at = entry.first; at != nobody; at = guests_[at].next)
            take(room, needs(guests_[at]), guests_[at].seat);
        step_off(slot);
        leave_domains(slot);
        by_name_.erase({entry.spec->name, id, slot});
        --in_state_[static_cast<std::size_t>(entry.spec->state)];
    }
    if (!known || entry.spec->name != spec.name) ranks_are_stale_ = true;
    entry.spec = std::make_shared<const HostSpec>(spec);
    standings_[slot].of_class = shelves_.class_id(host_class(spec));
    by_name_.insert({spec.name, id, slot});
    ++in_state_[static_cast<std::size_t>(spec.state)];
    enter_domains(entry);
    stand(slot, room);
}

void Roster::remove_host(model::HostId id) {
    const auto slot = find(id);
    check(slot.has_value(), "a host that is not there leaves");
    Entry& entry = hosts_[*slot];
    check(entry.guests == 0, "a host with instances leaves");
    step_off(*slot);
    leave_domains(*slot);
    by_name_.erase({entry.spec->name, id, *slot});
    --in_state_[static_cast<std::size_t>(entry.spec->state)];
    by_id_.erase(hash_of(id.value), *slot);
    entry = Entry{};
    standings_[*slot] = {};
    free_hosts_.push_back(*slot);
    ranks_are_stale_ = true;
}

std::optional<HostSlot> Roster::find(model::HostId id) const {
    const HostSlot slot =
        by_id_.find(hash_of(id.value), [&](HostSlot other) { return hosts_[other].id == id; });
    if (slot == HashIndex::none) return {};
    return slot;
}

const Room& Roster::room(HostSlot slot) const {
    const Entry& entry = hosts_[slot];
    return entry.beside ? *entry.beside : shelves_.room(shelf_of(slot));
}

// ---- shelves -----------------------------------------------------------------------------------

void Roster::changed(ShelfId shelf) {
    constexpr std::size_t changes_max = 1 << 20;
    if (last_change_.size() <= shelf) last_change_.resize(2 * (shelf + std::size_t{1}));
    last_change_[shelf] = static_cast<std::uint32_t>(changes_.size());
    changes_.push_back(shelf);
    if (changes_.size() < changes_max) return;
    changes_.clear();
    ++era_;
}

void Roster::stand(HostSlot slot, const Room& room) {
    Entry& entry = hosts_[slot];
    const bool open = entry.spec->state == HostState::open;
    if (!open || ranks_are_stale_) {
        standings_[slot].shelf = open ? 0 : no_shelf;
        entry.beside = std::make_shared<const Room>(room);
        return;
    }
    entry.beside.reset();
    const ShelfId shelf = standings_[slot].shelf = shelves_.find(class_of(slot), room);
    shelves_.add(shelf, entry.rank);
    changed(shelf);
}

void Roster::step_off(HostSlot slot) {
    if (!is_open(slot) || ranks_are_stale_) return;
    shelves_.remove(shelf_of(slot), hosts_[slot].rank);
    changed(shelf_of(slot));
}

void Roster::settle() {
    if (!ranks_are_stale_) return;
    shelves_.take_all_away();
    by_rank_.clear();
    for (const auto& [name, id, slot] : by_name_) {
        Entry& entry = hosts_[slot];
        entry.rank = static_cast<Rank>(by_rank_.size());
        by_rank_.push_back(slot);
        if (is_open(slot) && !entry.beside) shelves_.add(shelf_of(slot), entry.rank);
    }
    // Shelves are looked for once all that are in use have their hosts: empty ones are used again.
    for (const HostSlot slot : by_rank_) {
        Entry& entry = hosts_[slot];
        if (!is_open(slot) || !entry.beside) continue;
        standings_[slot].shelf = shelves_.find(class_of(slot), *entry.beside);
        entry.beside.reset();
        shelves_.add(shelf_of(slot), entry.rank);
    }
    shelves_.all_stand();
    ranks_are_stale_ = false;
    changes_.clear();
    ++era_;
}

// ---- domains -----------------------------------------------------------------------------------

std::optional<std::uint32_t> Roster::domain(const std::string& name) const {
    const auto at = std::find(domains_.begin(), domains_.end(), name);
    if (at == domains_.end()) return {};
    return static_cast<std::uint32_t>(at - domains_.begin());
}

void Roster::enter_domains(Entry& entry) {
    const HostSlot slot = *find(entry.id);
    entry.values.clear();
    for (const auto& [name, value] : entry.spec->domains) {
        const auto known = domain(name);
        const auto number = known ? *known : static_cast<std::uint32_t>(domains_.size());
        if (!known) domains_.push_back(name);
        values_.resize(domains_.size());
        auto& values = values_[number];
        const auto next = static_cast<std::uint32_t>(values.size() + 1);
        entry.values.resize(std::max<std::size_t>(entry.values.size(), number + 1));
        entry.values[number] = values.try_emplace(value, next).first->second;
        domain_use_.resize(domains_.size());
        if (entry.spec->state != HostState::open) continue;
        auto& hosts = sharing_[{number, entry.values[number]}];
        if (hosts.empty()) ++domain_use_[number].values;
        hosts.insert(slot);
        ++domain_use_[number].hosts;
    }
    for (GuestSlot at = entry.first; at != nobody; at = guests_[at].next)
        count_groups(guests_[at], +1);
}

void Roster::leave_domains(HostSlot slot) {
    const Entry& entry = hosts_[slot];
    for (GuestSlot at = entry.first; at != nobody; at = guests_[at].next)
        count_groups(guests_[at], -1);
    for (std::uint32_t domain = 0; domain < entry.values.size(); ++domain) {
        const auto at = sharing_.find({domain, entry.values[domain]});
        if (at == sharing_.end() || at->second.erase(slot) == 0) continue;
        --domain_use_[domain].hosts;
        if (at->second.empty()) --domain_use_[domain].values;
    }
}

const std::set<HostSlot>& Roster::sharing(DomainValue value) const {
    static const std::set<HostSlot> none;
    const auto at = sharing_.find(value);
    return at == sharing_.end() ? none : at->second;
}

// ---- instances ---------------------------------------------------------------------------------

static std::uint64_t hash_of(const std::vector<Group>& groups) {
    base::Hasher hasher;
    for (const Group& group : groups) hasher.add(group.high).add(group.low);
    return hasher.finish().low;
}

/// A number that is free, or the one behind the last.
template <class T>
static std::uint32_t new_number(std::vector<T>& all, std::vector<std::uint32_t>& free) {
    if (free.empty()) {
        all.emplace_back();
        return static_cast<std::uint32_t>(all.size() - 1);
    }
    const std::uint32_t number = free.back();
    free.pop_back();
    all[number] = {};
    return number;
}

std::uint32_t Roster::footprint(const Request& request) {
    const Footprint what{request.needs, request.shared};
    const auto known = footprint_ids_.find(what);
    std::uint32_t number = 0;
    if (known != footprint_ids_.end()) {
        number = known->second;
    } else {
        number = new_number(footprints_, free_footprints_);
        footprints_[number].what = what;
        footprint_ids_.emplace(what, number);
    }
    ++footprints_[number].guests;
    return number;
}

void Roster::leave_footprint(std::uint32_t number) {
    if (--footprints_[number].guests > 0) return;
    footprint_ids_.erase(footprints_[number].what);
    free_footprints_.push_back(number);
}

std::uint32_t Roster::group_list(const std::vector<Group>& groups) {
    const std::uint64_t hash = hash_of(groups);
    std::uint32_t list = group_list_index_.find(
        hash, [&](std::uint32_t other) { return group_lists_[other].groups == groups; });
    if (list == HashIndex::none) {
        list = new_number(group_lists_, free_group_lists_);
        group_lists_[list].groups = groups;
        group_list_index_.insert(hash, list);
    }
    ++group_lists_[list].guests;
    return list;
}

void Roster::leave_group_list(std::uint32_t list) {
    if (--group_lists_[list].guests > 0) return;
    group_list_index_.erase(hash_of(group_lists_[list].groups), list);
    free_group_lists_.push_back(list);
}

std::uint32_t Roster::find_group(const Group& group) const {
    return group_index_.find(
        hash_of(group), [&](std::uint32_t other) { return group_counts_[other].group == group; });
}

std::uint32_t Roster::new_group(const Group& group) {
    const std::uint32_t number = new_number(group_counts_, free_groups_);
    group_counts_[number].group = group;
    group_index_.insert(hash_of(group), number);
    return number;
}

const GroupCount* Roster::group(Group group) const {
    const std::uint32_t number = find_group(group);
    return number == HashIndex::none ? nullptr : &group_counts_[number];
}

void Roster::count_group(GroupCount& count, HostSlot slot, std::int32_t by) {
    count.all += by;
    count.on_host.add(slot, by);
    const Entry& entry = hosts_[slot];
    for (std::uint32_t domain = 0; domain < entry.values.size(); ++domain)
        if (entry.values[domain] != 0) count.in_domain.add({domain, entry.values[domain]}, by);
}

void Roster::count_groups(const Guest& guest, std::int32_t by) {
    GroupList& list = group_lists_[guest.groups];
    if (list.counted == 0) {
        list.numbers.clear();
        for (const Group& group : list.groups) {
            const std::uint32_t known = find_group(group);
            list.numbers.push_back(known == HashIndex::none ? new_group(group) : known);
        }
    }
    list.counted += by;
    for (const std::uint32_t number : list.numbers) {
        GroupCount& count = group_counts_[number];
        count_group(count, guest.host, by);
        if (count.all > 0) continue;
        group_index_.erase(hash_of(count.group), number);
        free_groups_.push_back(number);
    }
}

void Roster::link(GuestSlot slot) {
    Entry& entry = hosts_[guests_[slot].host];
    guests_[slot].next = entry.first;
    guests_[slot].previous = nobody;
    if (entry.first != nobody) guests_[entry.first].previous = slot;
    entry.first = slot;
    ++entry.guests;
}

void Roster::unlink(GuestSlot slot) {
    const Guest& guest = guests_[slot];
    Entry& entry = hosts_[guest.host];
    if (guest.previous == nobody)
        entry.first = guest.next;
    else
        guests_[guest.previous].next = guest.next;
    if (guest.next != nobody) guests_[guest.next].previous = guest.previous;
    --entry.guests;
}

GuestSlot Roster::put(HostSlot host, const Request& request, Seat seat) {
    GuestSlot slot = free_guest_;
    if (slot == nobody) {
        slot = static_cast<GuestSlot>(guests_.size());
        guests_.emplace_back();
    } else {
        free_guest_ = guests_[slot].next;
    }
    guests_[slot] = {host, footprint(request), group_list(request.groups), seat};
    link(slot);
    Room left = room(host);
    take(left, request.needs, seat);
    step_off(host);
    stand(host, left);
    for (const SharedNeed& need : request.shared) shared_[need.name].used += need.amount;
    count_groups(guests_[slot], +1);
    ++instances_;
    return slot;
}

void Roster::take_away(GuestSlot slot) {
    const Guest guest = guests_[slot];
    count_groups(guest, -1);
    for (const SharedNeed& need : footprints_[guest.footprint].what.shared)
        shared_[need.name].used -= need.amount;
    Room left = room(guest.host);
    give_back(left, needs(guest), guest.seat);
    step_off(guest.host);
    stand(guest.host, left);
    unlink(slot);
    leave_group_list(guest.groups);
    leave_footprint(guest.footprint);
    guests_[slot].next = free_guest_;
    free_guest_ = slot;
    --instances_;
}

void Roster::set_shared(const std::string& name, std::int64_t amount) {
    shared_[name].amount = amount;
}

std::int64_t Roster::shared_left(const std::string& name) const {
    const auto at = shared_.find(name);
    return at == shared_.end() ? 0 : at->second.amount - at->second.used;
}

}  // namespace vdc::placement
