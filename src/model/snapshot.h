#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "model/nouns.h"
#include "model/sorted_map.h"

namespace vdc::model {

/// Which records hang on which: an index that follows from the records alone.
enum class Link {
    host_instance,         ///< instances claimed on a host
    host_volume,           ///< volumes claimed on a host
    host_image,            ///< images that have a place on a host
    application_instance,  ///< its replicas
    instance_volume,       ///< volumes attached to it
    instance_port,         ///< its ports
    network_port,          ///< the ports in it
    network_application,   ///< applications whose template names it
    image_volume,          ///< volumes that began with it
    image_instance,        ///< instances that were made with it
    image_application,     ///< applications whose template names it
    key_instance,
    key_application,
    volume_snapshot,     ///< the snapshots of a volume
    subject_operation,   ///< operations about a thing that still run
    finished_operation,  ///< (nil, operation) for those that ended
    unplaced_instance,   ///< those that want a host and have none; see Snapshot::unplaced()
    host_network,        ///< networks that have a place on a host
    host_application,    ///< applications whose front has a place on a host
    emptied_host,        ///< (nil, host) for those that are down or drained
    homeless_image,      ///< (nil, image) for those that no host keeps yet
    host_arrival,        ///< instances that move to a host
    host_copy,           ///< volumes that a host has a copy of, beside the host that keeps them
    homeless_volume,     ///< (nil, volume) for those of no instance that no host has yet
    leaving_instance,    ///< (nil, instance) for those that a drain stops or moves away now
    held_host,           ///< (nil, host) for those that are unheard or held after a restore
};

/// The datacenter at one revision: a value. Copies are cheap and independent. Only apply.h changes
/// it.
class Snapshot {
  public:
    template <class R>
    using Table = SortedMap<typename R::Id, Shared<R>>;

    Revision revision = 0;
    Instant committed;  ///< when that revision came to be

    /// All records of a kind, in id order.
    template <class R>
    const Table<R>& all() const {
        return std::get<Table<R>>(tables_);
    }

    /// The record, or nullptr. Valid while this snapshot (or a copy) lives unchanged.
    template <class R>
    const R* find(typename R::Id id) const {
        const Shared<R>* found = all<R>().find(id);
        return found != nullptr ? found->get() : nullptr;
    }

    /// The record of an id that must be there: a reference that apply() keeps sound.
    template <class R>
    const R& get(typename R::Id id) const {
        const R* found = find<R>(id);
        base::check(found != nullptr, "a reference to a record that is not there");
        return *found;
    }

    /// By its name in a project (nil: of the datacenter), or nullptr.
    template <class R>
    const R* named(ProjectId project, std::string_view name) const {
        const base::Uuid* id = names_.find({R::noun, project, std::string(name)});
        return id != nullptr ? find<R>(typename R::Id{*id}) : nullptr;
    }

    /// Names of a kind in a project, sorted: for "did you mean".
    std::vector<std::string> names(Noun noun, ProjectId project) const;

    /// The ids that hang on `parent`, in id order.
    std::vector<base::Uuid> linked(Link link, base::Uuid parent) const;
    bool has_linked(Link link, base::Uuid parent) const;

    /// The records of kind R that hang on `parent`, in id order.
    template <class R>
    std::vector<const R*> linked_records(Link link, base::Uuid parent) const {
        std::vector<const R*> records;
        for (const base::Uuid& id : linked(link, parent))
            records.push_back(&get<R>(typename R::Id{id}));
        return records;
    }

    /// Instances that want a host and have none: the most important first, then by id.
    std::vector<InstanceId> unplaced(std::size_t most) const;

    /// What the instances and volumes of a project take of its quota.
    struct Usage {
        std::int64_t instances = 0;
        std::int64_t volumes = 0;
        Resources resources;
        friend bool operator==(const Usage&, const Usage&) = default;
    };
    Usage usage(ProjectId project) const;

    /// What is claimed on a host: processors and memory of instances that may run there or move
    /// there, disk of the volumes that lie there, and of copies.
    Resources claimed(HostId host) const;

    /// Whether the indices of two snapshots are equal: names, links, usage, claims.
    friend bool same_indices(const Snapshot& a, const Snapshot& b);

  private:
    friend class Writer;
    using Name = std::tuple<Noun, ProjectId, std::string>;
    using LinkKey = std::tuple<Link, base::Uuid, base::Uuid>;

    std::tuple<Table<Project>, Table<Host>, Table<Flavor>, Table<KeyPair>, Table<Image>,
               Table<Network>, Table<Volume>, Table<VolumeSnapshot>, Table<Port>, Table<Instance>,
               Table<Application>, Table<Balance>, Table<Operation>>
        tables_;
    SortedMap<Name, base::Uuid> names_;
    SortedMap<LinkKey, char> links_;
    SortedMap<ProjectId, Usage> usage_;
    SortedMap<HostId, Resources> claimed_;
    Edit edit_;
};

bool same_indices(const Snapshot& a, const Snapshot& b);

/// The parent under which Link::unplaced_instance keeps those of a priority: the higher first.
base::Uuid unplaced_with(std::int64_t priority);

/// A hash over every record (not the revision): equal for equal datacenters, on every machine.
base::Hash128 hash_of(const Snapshot& snapshot);

/// Whether the datacenter was restored from a backup and nobody has released it yet: nothing is
/// begun or ended, for the records may be older than what runs.
bool is_held(const Snapshot& snapshot);

/// Whether this instance takes processors and memory of a host: from its claim until control lets
/// go of it, which it does as soon as the host has seen that nothing of it runs.
bool takes_capacity(const Instance& instance);

/// The host to which the volume comes, with an instance that moves there; none: to none.
std::optional<HostId> copy_comes_to(const Volume& volume);

/// The wishes to start that its host shall hear of: those of people, and one for each time that it
/// was to leave its host and then was not, because the button may have been pressed by then.
std::uint64_t starts_wanted(const Instance& instance);

/// The power that control works towards: what is declared, except that a guest which powered
/// itself off stays off until somebody starts it again, as its restart rule says.
Power wanted_power(const Instance& instance);

/// What a template is, in 16 digits: replicas made by another template have another mark.
std::string template_mark(const Template& made_of);

/// Whether a replica runs and, where the application has a front, the front finds it ready.
bool replica_ready(const Application& application, const Instance& replica);

/// Whether the application is as declared: as many replicas as wanted, all of the present template,
/// all ready, and its front stands.
bool settled(const Snapshot& snapshot, const Application& application);

}  // namespace vdc::model
