#pragma once
// What a record must keep, whichever verb changes it: by itself, towards what it refers to, and
// towards its project. Each error names the field and says what to give instead.

#include "base/result.h"
#include "model/snapshot.h"

namespace vdc::model {

/// "key pair", "volume snapshot".
std::string noun_text(Noun noun);

/// "volume 'data'", for messages.
template <class R>
std::string quoted_name(const R& record) {
    return noun_text(R::noun) + " '" + record.name + "'";
}

template <class R>
base::Error missing(typename R::Id id) {
    return {base::Error::Code::not_found, "there is no " + noun_text(R::noun) + " " + text(id),
            "it may be gone already"};
}

/// The record referred to, if `project` may use it and it is there to stay.
template <class R>
base::Result<const R*> referred(const Snapshot& snapshot, typename R::Id id, ProjectId project) {
    using Code = base::Error::Code;
    const R* found = snapshot.find<R>(id);
    if (found == nullptr) return missing<R>(id);
    if (found->project && found->project != project)
        return base::Error{Code::not_found, "there is no " + noun_text(R::noun) + " " + text(id) +
                                                " in this project"};
    if (found->deleting)
        return base::Error{Code::conflict, quoted_name(*found) + " is being deleted",
                           "name another one"};
    return found;
}

/// Whether all that a record refers to is there and its project may use it.
base::Status check_references(const Snapshot& snapshot, const Port& port);
base::Status check_references(const Snapshot& snapshot, const Volume& volume);
base::Status check_references(const Snapshot& snapshot, const VolumeSnapshot& kept);
base::Status check_references(const Snapshot& snapshot, const Instance& instance);
base::Status check_references(const Snapshot& snapshot, const Application& application);
base::Status check_references(const Snapshot&, const auto&) {
    return {};
}

/// Whether the values that people declared are possible, whatever else there is.
base::Status check_values(const Project& project);
base::Status check_values(const Instance& instance);
base::Status check_values(const Network& network);
base::Status check_values(const KeyPair& key);
base::Status check_values(const Host& host);
base::Status check_values(const Image& image);
base::Status check_values(const Volume& volume);
base::Status check_values(const Application& application);
base::Status check_values(const Balance& balance);
base::Status check_values(const auto&) {
    return {};
}

/// Whether a thing of that project may be that important.
base::Status check_priority(const Snapshot& snapshot, const Instance& instance);
base::Status check_priority(const Snapshot& snapshot, const Application& application);
base::Status check_priority(const Snapshot&, const auto&) {
    return {};
}

/// Whether a volume may come to its instance as that runs now (model/runs.h, changes_class).
base::Status check_run_class(const Snapshot& snapshot, const Volume& volume);
base::Status check_run_class(const Snapshot&, const auto&) {
    return {};
}

/// What a record adds to its project's usage.
Snapshot::Usage needs(const Instance& instance);
Snapshot::Usage needs(const Volume& volume);
Snapshot::Usage needs(const auto&) {
    return {};
}

/// Whether a usage keeps to the quota that the project declares.
base::Status check_usage(const Project& project, const Snapshot::Usage& usage);

/// Whether the project's usage would hold with `more` on top.
base::Status check_quota(const Snapshot& snapshot, ProjectId project, const Snapshot::Usage& more);

}  // namespace vdc::model
