#include "model/story_test_util.h"

#include <optional>
#include <string>
#include <type_traits>

#include "model/random_test_util.h"

namespace vdc::model::testing {

namespace {

struct Draw {
    base::Chance& chance;
    std::int64_t operator()(std::int64_t low, std::int64_t high) {
        return chance.between(low, high);
    }
};

/// Makes up changes that might befall a datacenter.
class Author {
  public:
    Author(base::Chance& chance, const Snapshot& snapshot)
        : random_(Draw{chance}), snapshot_(snapshot) {}

    Random<Draw>& random() { return random_; }

    /// Ends are rarer than beginnings, so that the datacenter grows.
    Change make_up() {
        for (;;) {
            Change change = one_of(std::type_identity<AnyChange>{});
            const std::string_view verb = verb_of(change);
            if ((verb != "delete" && verb != "forget") || random_.once_in(4)) return change;
        }
    }

  private:
    template <class... C>
    Change one_of(std::type_identity<std::variant<C...>>) {
        using Make = Change (Author::*)();
        static constexpr Make makers[] = {&Author::make<C>...};
        return (this->*makers[random_.between(0, sizeof...(C) - 1)])();
    }

    template <class C>
    Change make() {
        return make_one(std::type_identity<C>{});
    }

    /// Some record of a kind, or none.
    template <class R>
    const R* some() {
        const auto& table = snapshot_.all<R>();
        if (table.empty()) return nullptr;
        auto each = table.begin();
        for (std::int64_t skip = random_.between(0, static_cast<std::int64_t>(table.size()) - 1);
             skip > 0; --skip)
            ++each;
        return each->second.get();
    }
    template <class R>
    typename R::Id some_id() {
        const R* found = some<R>();
        return found != nullptr ? found->id : typename R::Id{random_.uuid()};
    }
    template <class Id, class R>
    std::optional<Id> perhaps() {
        if (random_.once_in(2)) return std::nullopt;
        return some_id<R>();
    }

    // References lead to what is there; values keep to what apply() checks.
    template <class D>
    void mend(D&) {}
    void mend(NetworkDeclared& declared) {
        declared.range = {{10U << 24 | static_cast<std::uint32_t>(random_.between(0, 65'535)) << 8},
                          24};
    }
    void mend(KeyPairDeclared& declared) { declared.public_key = "ssh-ed25519 AAAA"; }
    void mend(ImageDeclared& declared) { declared.sha256.clear(); }
    void mend(ProjectDeclared& declared) { declared = {}; }
    void mend(BalanceDeclared& declared) {
        declared.moves_max = 16;
        declared.every = Duration{60'000'000};
        declared.rest = {};
        declared.runs = counter();
    }
    void mend(PortDeclared& declared) {
        declared.network = some_id<Network>();
        declared.instance = perhaps<InstanceId, Instance>();
    }
    void mend(VolumeDeclared& declared) {
        declared.size = {random_.between(1, 10'000)};
        declared.image = perhaps<ImageId, Image>();
        declared.instance = perhaps<InstanceId, Instance>();
        declared.slot = random_.between(0, 3);
        declared.revert_to = perhaps<VolumeSnapshotId, VolumeSnapshot>();
        declared.reverts = counter();
    }
    void mend(VolumeSnapshotDeclared& declared) { declared.volume = some_id<Volume>(); }
    void mend(InstanceDeclared& declared) {
        declared.priority = random_.between(0, priority_usual);
        declared.survives.clear();
        declared.vcpus = {random_.between(1, 8)};
        declared.memory = {random_.between(32, 4096)};
        declared.image = some_id<Image>();
        declared.key = perhaps<KeyPairId, KeyPair>();
        declared.application = perhaps<ApplicationId, Application>();
        declared.starts = counter();
        declared.reboots = counter();
        declared.resets = counter();
        declared.rules = counter();
    }
    void mend(ApplicationDeclared& declared) {
        declared.priority = random_.between(0, priority_usual);
        declared.survives.clear();
        const Flavor* flavor = some<Flavor>();
        declared.instance.flavor = flavor != nullptr ? flavor->name : "none";
        declared.instance.image = some_id<Image>();
        declared.instance.network = some_id<Network>();
        declared.instance.key = perhaps<KeyPairId, KeyPair>();
        if (declared.front) declared.front->check_path.clear();
    }
    /// Places on some of the hosts, as control would claim them anew.
    template <class Claimed>
    void mend_places(Claimed& claimed) {
        claimed.generation = counter();
        claimed.places.clear();
        for (const auto& [id, host] : snapshot_.template all<Host>())
            if (random_.once_in(2))
                claimed.places.push_back({id, claimed.generation, random_.once_in(2)});
    }
    void mend(ImageClaimed& claimed) {
        claimed.host = perhaps<HostId, Host>();
        mend_places(claimed);
    }
    void mend(NetworkClaimed& claimed) { mend_places(claimed); }
    void mend(ApplicationClaimed& claimed) { mend_places(claimed); }
    void mend(HostDeclared& declared) { declared.dead_epoch = 0; }
    void mend(HostClaimed& claimed) {
        claimed.epoch = counter();
        const bool down = claimed.health == HostHealth::down && claimed.epoch > 0;
        claimed.fenced = down ? claimed.epoch : 0;
        if (!down) claimed.health = HostHealth::up;
        if (down) claimed.evidence = Evidence::power_off;
    }
    void mend(VolumeClaimed& claimed) {
        claimed.host = perhaps<HostId, Host>();
        mend_places(claimed);
        claimed.epoch = 0;
    }
    void mend(InstanceClaimed& claimed) {
        claimed.proof = Evidence::none;
        claimed.epoch = 0;
        claimed.stays = counter();
        claimed.host = perhaps<HostId, Host>();
        claimed.generation = counter();
        claimed.move.reset();
        claimed.moved = 0;
    }

    /// What may not fall, small enough to rise again and again.
    std::uint64_t counter() { return static_cast<std::uint64_t>(random_.between(0, 20)); }

    template <class Part>
    Part part() {
        Part made = random_.template make<Part>();
        mend(made);
        return made;
    }

    template <class R>
    Change make_one(std::type_identity<Create<R>>) {
        R record;
        record.id = {random_.uuid()};
        constexpr bool few = R::noun == Noun::project || R::noun == Noun::image;
        record.name = "n" + std::to_string(random_.between(0, few ? 2 : 1'000'000));
        constexpr bool global = R::noun == Noun::project || R::noun == Noun::host ||
                                R::noun == Noun::flavor || R::noun == Noun::image ||
                                R::noun == Noun::balance || R::noun == Noun::operation;
        if (!global) record.project = some_id<Project>();
        record.declared = part<typename R::Declared>();
        return Create<R>{std::make_shared<const R>(std::move(record))};
    }
    template <class R>
    Change make_one(std::type_identity<Declare<R>>) {
        const R* found = some<R>();
        if (found == nullptr) return Declare<R>{{random_.uuid()}, {}};
        return Declare<R>{found->id, part<typename R::Declared>()};
    }
    template <class R>
    Change make_one(std::type_identity<Claim<R>>) {
        return Claim<R>{some_id<R>(), part<typename R::Claimed>()};
    }
    /// Often one that begins a move, or ends it.
    Change make_one(std::type_identity<Claim<Instance>>) {
        const Instance* found = some<Instance>();
        const Host* to = some<Host>();
        const bool stays = found == nullptr || to == nullptr || !found->claimed.host;
        if (stays || random_.once_in(2))
            return Claim<Instance>{some_id<Instance>(), part<InstanceClaimed>()};
        InstanceClaimed claimed = found->claimed;
        claimed.move.reset();
        if (random_.once_in(3)) return Claim<Instance>{found->id, std::move(claimed)};
        claimed.leaving = false;
        claimed.move = random_.template make<Move>();
        claimed.move->to = to->id;
        claimed.move->epoch = claimed.move->from_epoch = 0;
        claimed.moved = std::max(claimed.moved, claimed.generation) + 1;
        claimed.move->generation = claimed.moved;
        return Claim<Instance>{found->id, std::move(claimed)};
    }
    template <class R>
    Change make_one(std::type_identity<Observe<R>>) {
        return Observe<R>{some_id<R>(), part<typename R::Observed>()};
    }
    Change make_one(std::type_identity<Observe<Instance>>) {
        InstanceObserved observed = part<InstanceObserved>();
        const Instance* found = some<Instance>();
        if (found == nullptr) return Observe<Instance>{{random_.uuid()}, observed};
        observed.generation = found->claimed.generation;
        return Observe<Instance>{found->id, observed};
    }
    template <class R>
    Change make_one(std::type_identity<Sight<R>>) {
        auto seen = random_.template make<typename R::Observed::OnHost>();
        const R* found = some<R>();
        if (found == nullptr) return Sight<R>{{random_.uuid()}, std::move(seen)};
        if (!found->claimed.places.empty()) {
            const Place& place = found->claimed.places.front();
            seen.host = place.host;
            seen.generation = place.generation;
        }
        return Sight<R>{found->id, std::move(seen)};
    }
    Change make_one(std::type_identity<Sight<Host>>) {
        auto seen = random_.template make<HostFound>();
        seen.host = some_id<Host>();
        return Sight<Host>{seen.host, std::move(seen)};
    }
    Change make_one(std::type_identity<Sight<Instance>>) {
        auto seen = random_.template make<ArrivalSeen>();
        const Instance* found = some<Instance>();
        if (found == nullptr || !found->claimed.move)
            return Sight<Instance>{{random_.uuid()}, std::move(seen)};
        seen.host = found->claimed.move->to;
        seen.generation = found->claimed.move->generation;
        return Sight<Instance>{found->id, std::move(seen)};
    }
    template <class R>
    Change make_one(std::type_identity<Delete<R>>) {
        return Delete<R>{some_id<R>()};
    }
    template <class R>
    Change make_one(std::type_identity<Forget<R>>) {
        return Forget<R>{some_id<R>()};
    }

    Random<Draw> random_;
    const Snapshot& snapshot_;
};

}  // namespace

CommitPtr Story::next() {
    Author author(chance_, snapshot_);
    Random<Draw>& random = author.random();
    Commit commit;
    commit.revision = snapshot_.revision + 1;
    now_ += Duration{random.between(1, 5'000'000)};
    commit.at = now_;
    commit.term = 1;
    commit.actor = random.once_in(2) ? "admin" : "control";
    commit.request = random.make_text(0, 12);
    advance(snapshot_, commit.revision, commit.at);
    const auto wanted = static_cast<std::size_t>(random.between(1, 4));
    while (commit.steps.size() < wanted) {
        Change change = author.make_up();
        if (model::apply(snapshot_, change).ok())
            commit.steps.push_back({std::move(change), random.make_text(0, 40)});
    }
    return std::make_shared<const Commit>(std::move(commit));
}

std::vector<CommitPtr> Story::next(std::size_t count) {
    std::vector<CommitPtr> commits;
    while (commits.size() < count) commits.push_back(next());
    return commits;
}

}  // namespace vdc::model::testing
