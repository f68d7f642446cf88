#include "sim/faults.h"

#include <cstdio>

namespace vdc::sim {

static constexpr std::array<const char*, fault_count> fault_words{
    "agent dies",     "agent stalls",  "engine dies",  "host reboots", "QEMU crashes",
    "guest goes off", "front breaks",  "effect fails", "effect lies",  "effect slow",
    "store fails",    "store unsure",  "store slow",   "message lost", "message twice",
    "message late",   "cut",           "store gap",    "watch stuck",  "watch skips",
    "host lost",      "declared dead", "guest hangs",  "guest deaf",   "disk full"};
static constexpr std::array<const char*, phase_count> phase_words{
    "quiet", "image",  "volume", "network", "front",  "start",
    "stop",  "arrive", "copy",   "sent",    "handed", "cancel"};

namespace {

struct EffectPhase {
    Phase operator()(const control::ImportImage&) { return Phase::image; }
    Phase operator()(const control::FetchImage&) { return Phase::image; }
    Phase operator()(const control::RemoveImage&) { return Phase::image; }
    Phase operator()(const control::PrepareVolume&) { return Phase::volume; }
    Phase operator()(const control::GrowVolume&) { return Phase::volume; }
    Phase operator()(const control::TakeSnapshot&) { return Phase::volume; }
    Phase operator()(const control::DropSnapshot&) { return Phase::volume; }
    Phase operator()(const control::RevertVolume&) { return Phase::volume; }
    Phase operator()(const control::RemoveVolume&) { return Phase::volume; }
    Phase operator()(const control::ApplyNetwork&) { return Phase::network; }
    Phase operator()(const control::RemoveNetwork&) { return Phase::network; }
    Phase operator()(const control::ApplyFront&) { return Phase::front; }
    Phase operator()(const control::LookFront&) { return Phase::front; }
    Phase operator()(const control::RemoveFront&) { return Phase::front; }
    Phase operator()(const control::PowerDown&) { return Phase::stop; }
    Phase operator()(const control::Kill&) { return Phase::stop; }
    Phase operator()(const control::CleanInstance&) { return Phase::stop; }
    Phase operator()(const control::DetachVolume&) { return Phase::stop; }
    Phase operator()(const control::ReceiveInstance&) { return Phase::arrive; }
    Phase operator()(const control::SendInstance&) { return Phase::copy; }
    Phase operator()(const control::CancelSend&) { return Phase::cancel; }
    Phase operator()(const auto&) { return Phase::start; }
};

struct ChangePhase {
    static Phase of_stage(model::MoveStage stage) {
        switch (stage) {
            case model::MoveStage::preparing:
            case model::MoveStage::ready: return Phase::arrive;
            case model::MoveStage::copying: return Phase::copy;
            case model::MoveStage::sent:
            case model::MoveStage::arrived: return Phase::sent;
            case model::MoveStage::failed: return Phase::cancel;
        }
        base::broken("a stage without a phase");
    }
    Phase operator()(const model::Sight<model::Instance>& change) {
        return of_stage(change.seen.stage);
    }
    Phase operator()(const model::Claim<model::Instance>& change) {
        if (change.claimed.move) return Phase::arrive;
        if (!change.claimed.move_trouble.empty()) return Phase::cancel;
        const bool ends = change.claimed.proof == model::Evidence::handed_over;
        return ends ? Phase::handed : Phase::start;
    }
    Phase operator()(const model::Observe<model::Instance>& change) {
        if (change.observed.sending) return of_stage(change.observed.sending->stage);
        const auto phase = change.observed.phase;
        const bool ends =
            phase == model::InstancePhase::stopped || phase == model::InstancePhase::absent;
        return ends ? Phase::stop : Phase::start;
    }
    Phase operator()(const model::Delete<model::Instance>&) { return Phase::stop; }
    Phase operator()(const model::Forget<model::Instance>&) { return Phase::stop; }
    Phase operator()(const auto& change) {
        switch (subject_of(model::Change{change}).noun) {
            case model::Noun::image: return Phase::image;
            case model::Noun::volume:
            case model::Noun::volume_snapshot: return Phase::volume;
            case model::Noun::network:
            case model::Noun::port: return Phase::network;
            case model::Noun::application: return Phase::front;
            case model::Noun::instance: return Phase::start;
            default: return Phase::quiet;
        }
    }
};

}  // namespace

Phase phase_of(const control::Effect& effect) {
    return std::visit(EffectPhase{}, effect);
}

Phase phase_of(const model::Change& change) {
    return std::visit(ChangePhase{}, change);
}

std::optional<Phase> move_phase(std::string_view word) {
    for (std::size_t phase = static_cast<std::size_t>(Phase::arrive); phase < phase_count; ++phase)
        if (word == phase_words[phase]) return static_cast<Phase>(phase);
    return {};
}

void Coverage::hit(Fault fault, const std::set<Phase>& phases) {
    if (phases.empty()) return hit(fault, Phase::quiet);
    for (const Phase phase : phases) hit(fault, phase);
}

Coverage& Coverage::operator+=(const Coverage& other) {
    for (std::size_t fault = 0; fault < fault_count; ++fault)
        for (std::size_t phase = 0; phase < phase_count; ++phase)
            hits_[fault][phase] += other.hits_[fault][phase];
    return *this;
}

std::string Coverage::table() const {
    std::array<char, 32> cell{};
    const auto add = [&](std::string& out, const char* format, auto value) {
        std::snprintf(cell.data(), cell.size(), format, value);
        out += cell.data();
    };
    std::string out;
    add(out, "%-15s", "");
    for (const char* phase : phase_words) add(out, "%9s", phase);
    out += '\n';
    for (std::size_t fault = 0; fault < fault_count; ++fault) {
        add(out, "%-15s", fault_words[fault]);
        for (const std::uint64_t hits : hits_[fault])
            add(out, "%9llu", static_cast<unsigned long long>(hits));
        out += '\n';
    }
    return out;
}

std::vector<std::string> Coverage::never() const {
    std::vector<std::string> pairs;
    for (std::size_t fault = 0; fault < fault_count; ++fault)
        for (std::size_t phase = 0; phase < phase_count; ++phase) {
            const bool of_an_effect =
                fault >= index(Fault::effect_fails) && fault <= index(Fault::effect_slow);
            const bool has_effects = phase != index(Phase::quiet) && phase != index(Phase::sent);
            if (of_an_effect && !has_effects) continue;
            const bool writes = phase == index(Phase::image) || phase == index(Phase::volume);
            if (fault == index(Fault::disk_full) && !writes) continue;
            if (hits_[fault][phase] == 0)
                pairs.push_back(std::string(fault_words[fault]) + " x " + phase_words[phase]);
        }
    return pairs;
}

}  // namespace vdc::sim
