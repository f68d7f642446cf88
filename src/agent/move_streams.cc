#include "agent/move_streams.h"

#include <charconv>

#include "base/text.h"

namespace vdc::agent {

using base::Error;
using base::Result;
using drivers::qemu::Instances;
using runtime::Fd;

/// What is said of a stream when it is opened: "move INSTANCE GENERATION CHANNEL".
static std::string subject_of(model::InstanceId instance, model::Generation generation,
                              const std::string& channel) {
    return "move " + text(instance) + " " + std::to_string(generation) + " " + channel;
}

static Result<Fd> take(Instances& instances, const std::string& from, const std::string& subject) {
    const std::vector<std::string> words = base::split(subject, ' ');
    const auto instance = words.size() == 4 ? base::parse_uuid(words[1]) : std::nullopt;
    model::Generation generation = 0;
    if (instance) std::from_chars(words[2].data(), words[2].data() + words[2].size(), generation);
    if (!instance || words[0] != "move" || generation == 0)
        return Error{Error::Code::invalid, "this is no stream that a host takes"};
    return instances.take_stream({*instance}, generation, words[3], from);
}

Result<std::unique_ptr<MoveStreams>> MoveStreams::start(const std::string& address,
                                                        std::function<wire::HostProof()> proof,
                                                        Instances& instances) {
    std::unique_ptr<MoveStreams> streams(new MoveStreams());
    streams->streams_ = TRY(wire::HostStreams::start(
        address, std::move(proof), [&](const std::string& from, const std::string& subject) {
            return take(instances, from, subject);
        }));
    return streams;
}

drivers::qemu::OpenStream MoveStreams::to(const std::string& address, const std::string& host,
                                          model::InstanceId instance,
                                          model::Generation generation) {
    return [this, address, host, instance, generation](const std::string& channel) {
        return streams_->open(address, host, subject_of(instance, generation, channel));
    };
}

}  // namespace vdc::agent
