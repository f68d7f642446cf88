#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/one_of.h"
#include "base/result.h"
#include "model/nouns.h"

namespace vdc::model {

/// A thing comes to be as declared. Control claims it, agents see it later.
template <class R>
struct Create {
    Shared<R> record;  ///< its claimed and observed parts are as made
};

/// What is wanted of a thing changes.
template <class R>
struct Declare {
    typename R::Id id;
    typename R::Declared declared;
};

/// Control decides about a thing: the only way to a new generation.
template <class R>
struct Claim {
    typename R::Id id;
    typename R::Claimed claimed;
};

/// An agent saw a thing: all of `observed` but what other hosts say of it (Sight).
template <class R>
struct Observe {
    typename R::Id id;
    typename R::Observed observed;
};

/// One host's agent saw its own part of a thing that stands on several hosts: the entry of that
/// host in `observed.hosts`, and what follows from all of them, change; no other host's entry does.
/// Of an instance: what the host sees that it moves to; `observed.arrival` changes. Of a host:
/// what it found on itself after a restore; `observed.found` changes.
template <class R>
struct Sight {
    typename R::Id id;
    typename R::Observed::OnHost seen;
};

/// The end of a thing is asked for. It stays until what it holds on hosts is gone.
template <class R>
struct Delete {
    typename R::Id id;
};

/// The record goes: nothing is left of the thing.
template <class R>
struct Forget {
    typename R::Id id;
};

using AnyChange = std::variant<
    Create<Project>, Declare<Project>, Forget<Project>, Create<Host>, Declare<Host>, Claim<Host>,
    Observe<Host>, Sight<Host>, Forget<Host>, Create<Flavor>, Forget<Flavor>, Create<KeyPair>,
    Forget<KeyPair>, Create<Image>, Declare<Image>, Claim<Image>, Observe<Image>, Sight<Image>,
    Delete<Image>, Forget<Image>, Create<Network>, Declare<Network>, Claim<Network>,
    Observe<Network>, Sight<Network>, Delete<Network>, Forget<Network>, Create<Volume>,
    Declare<Volume>, Claim<Volume>, Observe<Volume>, Sight<Volume>, Delete<Volume>, Forget<Volume>,
    Create<VolumeSnapshot>, Observe<VolumeSnapshot>, Delete<VolumeSnapshot>, Forget<VolumeSnapshot>,
    Create<Port>, Claim<Port>, Forget<Port>, Create<Instance>, Declare<Instance>, Claim<Instance>,
    Observe<Instance>, Sight<Instance>, Delete<Instance>, Forget<Instance>, Create<Application>,
    Declare<Application>, Claim<Application>, Observe<Application>, Sight<Application>,
    Delete<Application>, Forget<Application>, Create<Balance>, Declare<Balance>, Claim<Balance>,
    Observe<Balance>, Forget<Balance>, Create<Operation>, Observe<Operation>, Forget<Operation>>;

/// Everything that can happen to the datacenter. The log of committed changes is at once the audit
/// log, the watch stream, the metering source and the replay file.
struct Change : base::OneOf<AnyChange> {
    using OneOf::OneOf;
};

/// A change and why it happens: `why`, the event and the log line are this one sentence.
struct Step {
    Change change;
    std::string reason;
};

Subject subject_of(const Change& change);

/// "create", "declare", "claim", "observe", "sight", "delete", "forget".
std::string_view verb_of(const Change& change);

/// {"verb": "claim", "noun": "instance", "id": "...", "content": {...}}; content is the record for
/// create, the part for declare, claim and observe, one host's entry for sight, absent otherwise.
base::Json change_to_json(const Change& change);
base::Result<Change> change_from_json(const base::Json& json);

}  // namespace vdc::model

extern template class vdc::base::OneOf<vdc::model::AnyChange>;
