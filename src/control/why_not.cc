#include "control/why_not.h"

#include <algorithm>

#include "base/text.h"
#include "control/admission.h"
#include "control/wish.h"
#include "model/value_codec.h"

namespace vdc::control {

using base::Error;
using base::Json;
using base::Result;
using model::Application;
using model::Instance;
using model::Noun;
using model::Snapshot;

namespace {

constexpr std::int64_t whole = 1000;

// ---- one try -----------------------------------------------------------------------------------

/// What came of documents.
struct Outcome {
    bool fits = false;
    std::optional<Error> refused{};  ///< before anything was placed
    std::string sentence{};
    std::string instance{};
    model::Explanation explanation{};
};

/// A question of room, and not of what was written.
bool is_about_room(const Error& error) {
    return error.code == Error::Code::exhausted;
}

/// Carries documents out on a copy. What it remembers of the datacenter is as before afterwards.
class Trial {
  public:
    Trial(const Snapshot& datacenter, const Ask& ask, const Policy& policy)
        : datacenter_(datacenter), ask_(ask), policy_(policy), guarantee_(datacenter) {}

    Outcome run(const std::vector<Json>& documents) {
        Snapshot copy = datacenter_;
        model::advance(copy, copy.revision + 1, ask_.now);
        const Outcome outcome = run_on(copy, documents);
        for (; !seen_.empty(); seen_.pop_back()) guarantee_.look(datacenter_, seen_.back());
        return outcome;
    }

    const Snapshot& datacenter() const { return datacenter_; }

  private:
    static Outcome refusal(Error error) {
        Outcome outcome;
        outcome.sentence = base::text(error);
        outcome.refused = std::move(error);
        return outcome;
    }

    void apply(Snapshot& copy, const std::vector<model::Step>& steps, Agenda& touched) {
        for (const model::Step& step : steps) {
            const model::Subject subject = subject_of(step.change);
            Touch touch(copy, subject, touched);
            base::check(model::apply(copy, step.change).ok(), "steps that were decided fit");
            touch.changed(copy);
            seen_.push_back(subject);
        }
    }

    Outcome run_on(Snapshot& copy, const std::vector<Json>& documents) {
        auto applied = apply_documents(datacenter_, ask_, documents);
        if (!applied.ok()) return refusal(applied.error());
        const Admission admission(datacenter_, applied->steps, guarantee_);
        Agenda agenda;
        apply(copy, applied->steps, agenda);
        for (const model::Step& step : applied->steps)
            guarantee_.look(copy, subject_of(step.change));
        auto plan = admission.judge(copy, ask_.now, policy_);
        if (!plan.ok()) return refusal(plan.error());
        apply(copy, plan->steps, agenda);
        follow_up(copy, std::move(agenda));
        return outcome_of(copy, *applied);
    }

    /// Control goes on until it has nothing more to do now.
    void follow_up(Snapshot& copy, Agenda agenda) {
        constexpr int rounds_max = 100;
        for (int round = 0; round < rounds_max && !agenda.empty(); ++round) {
            const Plan plan =
                reconcile(copy, ask_.now, std::exchange(agenda, {}), guarantee_, policy_);
            apply(copy, plan.steps, agenda);
            if (plan.steps.empty()) agenda.clear();
            agenda.insert(plan.rest.begin(), plan.rest.end());
        }
    }

    static std::vector<const Instance*> instances_of(const Snapshot& copy,
                                                     const DocumentResult& result) {
        if (result.noun == Noun::instance) return {&copy.get<Instance>({result.id})};
        if (result.noun != Noun::application) return {};
        return copy.linked_records<Instance>(model::Link::application_instance, result.id);
    }

    static bool waits(const Instance& instance) {
        return wanted_power(instance) != model::Power::off && !instance.claimed.host;
    }

    /// Who waits without having been asked for a place waits for his image.
    static Outcome waiting(const Instance& instance) {
        const model::Explanation& explanation = instance.claimed.placement;
        return {false,
                {},
                explanation.sentence.empty() ? "its image is on no host yet" : explanation.sentence,
                instance.name,
                explanation};
    }

    static Outcome outcome_of(const Snapshot& copy, const Applied& applied) {
        for (const DocumentResult& result : applied.results) {
            const std::vector<const Instance*> instances = instances_of(copy, result);
            for (const Instance* instance : instances)
                if (waits(*instance)) return waiting(*instance);
            if (result.noun != Noun::application) continue;
            const auto wanted = copy.get<Application>({result.id}).declared.replicas;
            const auto there = static_cast<std::int64_t>(instances.size());
            if (there < wanted)
                return {false,
                        {},
                        "only " + std::to_string(there) + " of " + std::to_string(wanted) +
                            " replicas of " + result.name +
                            " can be made: more are beyond what its project may have",
                        {},
                        {}};
        }
        return {true, {}, "everything finds room", {}, {}};
    }

    const Snapshot& datacenter_;
    const Ask ask_;
    const Policy policy_;
    Guarantee guarantee_;
    std::vector<model::Subject> seen_;  ///< by the guarantee, in the copy
};

// ---- fields ------------------------------------------------------------------------------------

const Json& at_path(const Json& document, const std::string& path) {
    const std::size_t point = path.find('.');
    if (point == std::string::npos) return document.at(path);
    return at_path(document.at(path.substr(0, point)), path.substr(point + 1));
}

/// Empty: it is not there, or no text.
std::string text_in(const Json& document, const std::string& path) {
    const Json& found = at_path(document, path);
    return found.is(Json::Kind::text) ? found.text() : std::string();
}

void set_path(Json& document, const std::string& path, Json value) {
    const std::size_t point = path.find('.');
    if (point == std::string::npos) {
        document.set(path, std::move(value));
        return;
    }
    const std::string head = path.substr(0, point);
    Json inner = document.at(head).is(Json::Kind::object) ? document.at(head) : Json::object({});
    set_path(inner, path.substr(point + 1), std::move(value));
    document.set(head, std::move(inner));
}

/// How much of it is given up, in thousandths.
std::int64_t share_lost(std::int64_t from, std::int64_t to) {
    return from <= 0 ? 0 : std::max<std::int64_t>(0, whole - to * whole / from);
}

// ---- the smallest change -----------------------------------------------------------------------

/// A change with what it gives up.
struct Offer {
    std::vector<DocumentChange> change;
    std::int64_t lost = 0;
};

bool is_smaller(const Offer& a, const Offer& b) {
    return std::pair(a.change.size(), a.lost) < std::pair(b.change.size(), b.lost);
}

/// Looks for a change of one document.
class Remedy {
  public:
    Remedy(Trial& trial, const std::vector<Json>& documents, std::size_t number)
        : trial_(trial), documents_(documents), number_(number) {
        is_application_ = documents[number].text_at("kind") == model::one_word(Noun::application);
        prefix_ = is_application_ ? "template." : "";
        flavor_ = trial.datacenter().named<model::Flavor>(
            {}, text_in(documents[number], prefix_ + "flavor"));
    }

    /// The smallest that lets everything in, or nothing.
    std::optional<Offer> find() {
        look_beside({});
        if (!best_ && !survives_nothing()) look_beside(give_up_promise());
        if (!best_) look_beside(smallest_flavor({}));
        if (!best_ && !survives_nothing()) look_beside(smallest_flavor(give_up_promise()));
        return best_;
    }

  private:
    DocumentChange edit(const std::string& field, Json from, Json to) const {
        return {number_, field, std::move(from), std::move(to)};
    }

    static Offer with(Offer offer, DocumentChange change, std::int64_t lost) {
        offer.change.push_back(std::move(change));
        offer.lost += lost;
        return offer;
    }

    bool helps(const Offer& offer) {
        return tries_left_-- > 0 && trial_.run(changed(documents_, offer.change)).fits;
    }

    void consider(Offer offer) {
        if (!best_ || is_smaller(offer, *best_)) best_ = std::move(offer);
    }

    /// One field more than `base` has.
    void look_beside(const Offer& base) {
        if (!base.change.empty() && helps(base)) return consider(base);
        if (base.change.empty() && !survives_nothing())
            if (Offer offer = give_up_promise(); helps(offer)) consider(std::move(offer));
        look_for_disk(base);
        look_for_flavor(base);
        if (is_application_) look_for_replicas(base);
    }

    // A promise.
    bool survives_nothing() const {
        return documents_[number_].text_at("survives") == "nothing" ||
               trial_.datacenter().all<model::Host>().size() < 2;
    }

    Offer give_up_promise() const {
        const Json& now = documents_[number_].at("survives");
        return with({}, edit("survives", now.is_null() ? Json("host") : now, Json("nothing")),
                    whole / 2);
    }

    /// The largest number of [low, high) with which it fits, if `low` does.
    template <class OfferOf>
    void look_for_number(std::int64_t low, std::int64_t high, OfferOf offer_of) {
        if (low >= high || !helps(offer_of(low))) return;
        while (high - low > 1) {
            const std::int64_t middle = low + (high - low) / 2;
            (helps(offer_of(middle)) ? low : high) = middle;
        }
        consider(offer_of(low));
    }

    std::int64_t disk_now() const {
        const auto given = base::parse_mib(text_in(documents_[number_], prefix_ + "disk"));
        if (given.ok() && given->count > 0) return given->count;
        return flavor_ == nullptr ? 0 : flavor_->declared.disk.count;
    }

    void look_for_disk(const Offer& base) {
        const std::int64_t now = disk_now();
        look_for_number(disk_least(), now, [&](std::int64_t disk) {
            return with(base, edit(prefix_ + "disk", text(base::MiB{now}), text(base::MiB{disk})),
                        share_lost(now, disk));
        });
    }

    /// A volume is no smaller than the image that it begins with, nor than the smallest disk of a
    /// flavor.
    std::int64_t disk_least() const {
        const std::string name = text_in(documents_[number_], prefix_ + "image");
        std::int64_t least = 16;
        for (const auto& [id, image] : trial_.datacenter().all<model::Image>())
            if (image->name == name || text(id) == name)
                least = std::max(least, base::mib_holding(image->observed.virtual_size).count);
        return least;
    }

    std::int64_t lost_with(const model::Flavor& other) const {
        const model::FlavorDeclared& from = flavor_->declared;
        const model::FlavorDeclared& to = other.declared;
        return std::max(share_lost(from.vcpus.count, to.vcpus.count),
                        share_lost(from.memory.count, to.memory.count));
    }

    /// Those that ask for less and for nothing more, the largest first.
    std::vector<const model::Flavor*> smaller_flavors() const {
        std::vector<const model::Flavor*> smaller;
        if (flavor_ == nullptr) return smaller;
        const model::FlavorDeclared& now = flavor_->declared;
        for (const auto& [id, flavor] : trial_.datacenter().all<model::Flavor>()) {
            const model::FlavorDeclared& other = flavor->declared;
            if (flavor->id != flavor_->id && !flavor->deleting && other.vcpus <= now.vcpus &&
                other.memory <= now.memory && other.disk <= now.disk)
                smaller.push_back(flavor.get());
        }
        std::sort(smaller.begin(), smaller.end(), [&](const auto* a, const auto* b) {
            return std::pair(lost_with(*a), a->name) < std::pair(lost_with(*b), b->name);
        });
        return smaller;
    }

    Offer with_flavor(const Offer& base, const model::Flavor& flavor) const {
        return with(base, edit(prefix_ + "flavor", Json(flavor_->name), Json(flavor.name)),
                    lost_with(flavor));
    }

    void look_for_flavor(const Offer& base) {
        const auto is_flavor = [&](const auto& each) { return each.field == prefix_ + "flavor"; };
        if (std::any_of(base.change.begin(), base.change.end(), is_flavor)) return;
        for (const model::Flavor* flavor : smaller_flavors()) {
            Offer offer = with_flavor(base, *flavor);
            if (!helps(offer)) continue;
            return consider(std::move(offer));
        }
    }

    Offer smallest_flavor(const Offer& base) const {
        const auto smaller = smaller_flavors();
        return smaller.empty() ? base : with_flavor(base, *smaller.back());
    }

    void look_for_replicas(const Offer& base) {
        const Json& given = documents_[number_].at("replicas");
        const std::int64_t now = given.is(Json::Kind::integer) ? given.integer() : 1;
        look_for_number(1, now, [&](std::int64_t replicas) {
            return with(base, edit("replicas", Json(now), Json(replicas)),
                        share_lost(now, replicas));
        });
    }

    Trial& trial_;
    const std::vector<Json>& documents_;
    const std::size_t number_;
    bool is_application_ = false;
    std::string prefix_;
    const model::Flavor* flavor_ = nullptr;
    std::optional<Offer> best_;
    int tries_left_ = 256;
};

bool is_placed(const Json& document) {
    const std::string kind = document.text_at("kind");
    return kind == model::one_word(Noun::instance) || kind == model::one_word(Noun::application);
}

/// The smallest change of a single document, or nothing.
std::optional<Offer> change_one(Trial& trial, const std::vector<Json>& documents) {
    std::optional<Offer> best;
    for (std::size_t number = 0; number < documents.size(); ++number) {
        if (!is_placed(documents[number])) continue;
        std::optional<Offer> offer = Remedy(trial, documents, number).find();
        if (offer && (!best || is_smaller(*offer, *best))) best = std::move(offer);
    }
    return best;
}

/// One document after the other: each with the smallest change beside what came before it.
std::optional<Offer> change_several(Trial& trial, const std::vector<Json>& documents) {
    Offer all;
    std::vector<Json> so_far;
    for (const Json& document : documents) {
        so_far.push_back(document);
        if (trial.run(so_far).fits) continue;
        if (!is_placed(document)) return {};
        const auto offer = Remedy(trial, so_far, so_far.size() - 1).find();
        if (!offer) return {};
        so_far = changed(std::move(so_far), offer->change);
        all.change.insert(all.change.end(), offer->change.begin(), offer->change.end());
    }
    return all;
}

}  // namespace

std::vector<Json> changed(std::vector<Json> documents, const std::vector<DocumentChange>& change) {
    for (const DocumentChange& each : change)
        set_path(documents.at(each.document), each.field, each.to);
    return documents;
}

Result<WhyNot> why_not(const Snapshot& datacenter, const Ask& ask,
                       const std::vector<Json>& documents, const Policy& policy) {
    Trial trial(datacenter, ask, policy);
    Outcome outcome = trial.run(documents);
    if (outcome.refused && !is_about_room(*outcome.refused)) return *outcome.refused;
    WhyNot answer{outcome.fits,
                  std::move(outcome.sentence),
                  std::move(outcome.instance),
                  std::move(outcome.explanation),
                  {}};
    if (answer.fits) return answer;
    constexpr std::size_t changed_max = 64;  // of more documents, only one is changed
    std::optional<Offer> best = change_one(trial, documents);
    if (!best && documents.size() > 1 && documents.size() <= changed_max)
        best = change_several(trial, documents);
    if (best) answer.change = std::move(best->change);
    return answer;
}

}  // namespace vdc::control
