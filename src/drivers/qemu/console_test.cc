#include "drivers/qemu/console.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "drivers/qemu/unix_socket.h"

namespace vdc::drivers::qemu {

using runtime::Fd;

namespace {

class ConsoleTest : public testing::Test {
  protected:
    ConsoleTest() {
        folder = ::mkdtemp(folder.data());
        listening = listen_at(folder + "/console").value();
        console = std::make_unique<Console>(*watcher, folder + "/console");
    }
    ~ConsoleTest() override {
        console.reset();
        std::filesystem::remove_all(folder);
    }

    /// As QEMU does: one connection at a time.
    Fd accept() { return Fd(::accept(listening.get(), nullptr, nullptr)); }

    static void say(const Fd& socket, const std::string& text) {
        ASSERT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }

    /// The next `size` bytes; fewer when the other end closes.
    static std::string hear(const Fd& socket, std::size_t size) {
        std::string heard;
        while (heard.size() < size) {
            pollfd wait{.fd = socket.get(), .events = POLLIN, .revents = 0};
            EXPECT_EQ(::poll(&wait, 1, 10'000), 1);
            std::string bytes(size - heard.size(), 0);
            const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
            if (count <= 0) break;
            heard.append(bytes, 0, static_cast<std::size_t>(count));
        }
        return heard;
    }

    std::string folder = "/tmp/vdc-console-XXXXXX";
    std::unique_ptr<Watcher> watcher = Watcher::start().value();
    Fd listening;
    std::unique_ptr<Console> console;
};

}  // namespace

TEST_F(ConsoleTest, EverybodySeesTheGuestAndMayType) {
    const Fd ann = console->open().value();
    const Fd bob = console->open().value();
    const Fd guest = accept();
    say(guest, "login: ");
    EXPECT_EQ(hear(ann, 7), "login: ");
    EXPECT_EQ(hear(bob, 7), "login: ");
    say(ann, "root\n");
    EXPECT_EQ(hear(guest, 5), "root\n");
    say(bob, "ls\n");
    EXPECT_EQ(hear(guest, 3), "ls\n");
}

TEST_F(ConsoleTest, WhoDoesNotReadHoldsUpNobody) {
    const Fd sleeper = console->open().value();
    const Fd reader = console->open().value();
    const Fd guest = accept();
    const std::string page(4096, 'x');
    for (int i = 0; i < 1000; ++i) {
        say(guest, page);
        ASSERT_EQ(hear(reader, page.size()), page);
    }
}

TEST_F(ConsoleTest, WhoTypesToADeafGuestWaitsButLosesNothing) {
    const Fd person = console->open().value();
    const Fd guest = accept();
    std::string sent;
    for (;;) {
        const std::string piece = std::to_string(sent.size()) + std::string(4000, '.');
        const ssize_t count = ::send(person.get(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (count > 0) sent.append(piece, 0, static_cast<std::size_t>(count));
        pollfd wait{.fd = person.get(), .events = POLLOUT, .revents = 0};
        if (count < 0 && ::poll(&wait, 1, 200) == 0) break;
    }
    EXPECT_GT(sent.size(), 8000u);
    EXPECT_EQ(hear(guest, sent.size()), sent);
    say(person, "more");
    EXPECT_EQ(hear(guest, 4), "more");
}

TEST_F(ConsoleTest, TheEndOfQemuIsTheEndForEverybodyAndALaterOneIsSeenAgain) {
    const Fd ann = console->open().value();
    Fd guest = accept();
    guest.reset();
    EXPECT_EQ(hear(ann, 1), "");
    const Fd again = console->open().value();
    guest = accept();
    say(guest, "x");
    EXPECT_EQ(hear(again, 1), "x");
}

TEST_F(ConsoleTest, WhenTheLastPersonLeavesThePlaceIsFree) {
    Fd ann = console->open().value();
    const Fd guest = accept();
    ann.reset();
    EXPECT_EQ(hear(guest, 1), "");
}

TEST_F(ConsoleTest, HasSixteenPlaces) {
    std::vector<Fd> people;
    for (int i = 0; i < 16; ++i) people.push_back(console->open().value());
    EXPECT_EQ(console->open().error().code, base::Error::Code::exhausted);
}

}  // namespace vdc::drivers::qemu
