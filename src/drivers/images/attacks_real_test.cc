#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "drivers/images/attacks_test_util.h"
#include "drivers/images/empty_qcow2.h"
#include "drivers/images/forge_test_util.h"
#include "drivers/images/import_test_util.h"
#include "drivers/images/own_files.h"
#include "runtime/files.h"
#include "runtime/process.h"

/// The attacks on the real way in, with the real qemu-img. A planted file of the host must not show
/// in any result, a listening socket must hear nothing, and all ends in bounded time and space.
namespace vdc::drivers::images {
namespace {

using Clock = std::chrono::steady_clock;
using runtime::Fd;

constexpr std::string_view marker = "host-bytes-that-nobody-may-see-4711";

/// A TCP socket on loopback that counts who comes.
class Listener {
  public:
    Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_.get(), any, length), 0);
        EXPECT_EQ(::listen(socket_.get(), 64), 0);
        EXPECT_EQ(::getsockname(socket_.get(), any, &length), 0);
        port_ = ntohs(address.sin_port);
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    int heard() const {
        int count = 0;
        while (Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC))) ++count;
        return count;
    }

  private:
    Fd socket_;
    int port_ = 0;
};

class AttacksReal : public Imported {
  protected:
    AttacksReal() {
        std::string bytes;
        while (bytes.size() < (64 << 10)) bytes += marker;
        EXPECT_TRUE(runtime::ensure_dir(scratch + "/host").ok());
        EXPECT_TRUE(runtime::write_file_atomic(scratch + "/host/secret", bytes, 0644).ok());
        targets = {scratch + "/host/secret", scratch + "/host", listener.address()};
    }

    static bool shows_secret(const std::string& bytes) {
        return bytes.find(marker.substr(0, 16)) != std::string::npos;
    }

    /// The whole importer: refused, quickly, and nothing but the upload stays.
    void expect_refused(const std::vector<Attack>& attacks) {
        for (const Attack& attack : attacks) {
            SCOPED_TRACE(attack.name);
            const model::ImageId image = upload(attack.bytes);
            const auto begin = Clock::now();
            const auto result = images.run(import_of(image, attack.declared));
            EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
            ASSERT_FALSE(result.ok());
            EXPECT_FALSE(shows_secret(text(result.error())));
            EXPECT_EQ(files(), std::vector<std::string>{"uploads/" + text(image)});
            ASSERT_TRUE(images.run(control::RemoveImage{image}).ok());
        }
        EXPECT_EQ(listener.heard(), 0);
    }

    /// The second wall alone: as if the parser had let it pass, straight into the jailed tool.
    void expect_harmless(const Attack& attack, Format format) {
        SCOPED_TRACE(attack.name + " as " + std::string(word(format)));
        const model::ImageId image = upload(attack.bytes);
        const Fd from(::open(paths.upload(image).c_str(), O_RDONLY | O_CLOEXEC));
        ASSERT_EQ(::fchmod(from.get(), 0444), 0);
        const Found found{format, "dynamic", 1 << 20};
        const EmptyQcow2 empty = empty_qcow2({1 << 20});
        const Fd into =
            std::move(create_own(paths.images(), text(image), empty.head, empty.file_size).value());
        const auto begin = Clock::now();
        const base::Status done = convert(paths, image, found, from, attack.bytes.size(), into);
        EXPECT_LT(Clock::now() - begin, std::chrono::seconds(20));
        EXPECT_TRUE(done.ok() || !shows_secret(text(done.error())));
        const std::string name = paths.images() + "/" + text(image);
        const std::string bytes = runtime::read_file(name, 512 << 20).value_or("(unreadable)");
        EXPECT_FALSE(shows_secret(bytes));
        EXPECT_LE(bytes.size(), result_size_max(found, attack.bytes.size()));
        ASSERT_TRUE(runtime::remove_file(name).ok());
        ASSERT_TRUE(runtime::remove_file(paths.upload(image)).ok());
    }
    void expect_harmless(const std::vector<Attack>& attacks, Format format) {
        for (const Attack& attack : attacks) expect_harmless(attack, format);
        EXPECT_EQ(listener.heard(), 0);
        EXPECT_EQ(files(), std::vector<std::string>{});
    }

    Listener listener;
    Targets targets;
};

TEST_F(AttacksReal, WithQcow2AreRefusedByTheImporter) {
    expect_refused(qcow2_attacks(targets));
}
TEST_F(AttacksReal, WithVmdkAreRefusedByTheImporter) {
    expect_refused(vmdk_attacks(targets));
}
TEST_F(AttacksReal, WithVhdAreRefusedByTheImporter) {
    expect_refused(vhd_attacks());
}
TEST_F(AttacksReal, WithVhdxAreRefusedByTheImporter) {
    expect_refused(vhdx_attacks());
}
TEST_F(AttacksReal, OfOtherKindsAreRefusedByTheImporter) {
    expect_refused(other_attacks(targets));
}

TEST_F(AttacksReal, WithQcow2AreHarmlessInTheJailEvenUnseen) {
    expect_harmless(qcow2_attacks(targets), Format::qcow2);
}
TEST_F(AttacksReal, WithVmdkAreHarmlessInTheJailEvenUnseen) {
    expect_harmless(vmdk_attacks(targets), Format::vmdk);
}
TEST_F(AttacksReal, WithVhdAreHarmlessInTheJailEvenUnseen) {
    expect_harmless(vhd_attacks(), Format::vhd);
}
TEST_F(AttacksReal, WithVhdxAreHarmlessInTheJailEvenUnseen) {
    expect_harmless(vhdx_attacks(), Format::vhdx);
}
TEST_F(AttacksReal, OfOtherKindsAreHarmlessInTheJailEvenUnseen) {
    expect_harmless(other_attacks(targets), Format::raw);
}

/// Sound to every rule, and made to cost: stopped at 64 times the upload, or done cheaply.
TEST_F(AttacksReal, BombsEndWithinTheirLimits) {
    for (const Attack& bomb : bombs()) {
        SCOPED_TRACE(bomb.name);
        const model::ImageId image = upload(bomb.bytes);
        const auto begin = Clock::now();
        const auto result = images.run(import_of(image, bomb.declared));
        EXPECT_LT(Clock::now() - begin, std::chrono::seconds(120));
        if (result.ok()) {
            EXPECT_LT(result->stored_size.count, 16 << 20);
        } else {
            EXPECT_EQ(result.error().code, base::Error::Code::too_large) << text(result.error());
            EXPECT_EQ(files(), std::vector<std::string>{"uploads/" + text(image)});
        }
        ASSERT_TRUE(images.run(control::RemoveImage{image}).ok());
    }
}

// ---- the attacks are real ----------------------------------------------------------------------

/// What a service does that trusts qemu-img: the same files, no parser, no graph, no jail.
class NaiveImport : public AttacksReal {
  protected:
    std::string naive(const std::vector<Attack>& attacks, const std::string& name,
                      const std::string& format) {
        for (const Attack& attack : attacks) {
            if (attack.name != name) continue;
            const std::string file = scratch + "/attack", back = scratch + "/back";
            EXPECT_TRUE(runtime::write_file_atomic(file, attack.bytes).ok());
            (void)runtime::run(
                {.words = {"qemu-img", "convert", "-f", format, "-O", "raw", file, back},
                 .limit = std::chrono::seconds(3)});
            return runtime::read_file(back, 64 << 20).value_or("");
        }
        ADD_FAILURE() << "no attack " << name;
        return "";
    }
};

TEST_F(NaiveImport, LeaksHostFilesAndConnectsOut) {
    const std::vector<Attack> qcow2 = qcow2_attacks(targets);
    EXPECT_TRUE(shows_secret(naive(qcow2, "qcow2_backing_file_raw", "qcow2")));
    EXPECT_TRUE(shows_secret(naive(qcow2, "qcow2_data_file", "qcow2")));
    EXPECT_TRUE(shows_secret(naive(qcow2, "qcow2_backing_json", "qcow2")));
    EXPECT_TRUE(shows_secret(naive(qcow2, "qcow2_backing_fat", "qcow2")));
    EXPECT_TRUE(shows_secret(naive(vmdk_attacks(targets), "vmdk_flat_text", "vmdk")));
    EXPECT_TRUE(shows_secret(naive(vmdk_attacks(targets), "vmdk_capacity_0_with_flat", "vmdk")));
    EXPECT_EQ(listener.heard(), 0);
    (void)naive(qcow2, "qcow2_backing_nbd", "qcow2");
    EXPECT_GE(listener.heard(), 1);
}

}  // namespace
}  // namespace vdc::drivers::images
