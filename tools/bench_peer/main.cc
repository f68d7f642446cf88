#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

/// The other side of tools/bench: clients that cost little, and the floors that need no vdc. It
/// shares no code with the product. Each command prints one line of numbers.
///
///     bench_peer creates SOCKET CLIENTS COUNT NAME    keys created per second, each client in
///                                                     lock step with its answers
///     bench_peer instances SOCKET CLIENTS COUNT NAME  the same with instances that are off
///     bench_peer latency SOCKET FOLDER COUNT NAME     microseconds: one create, and beside it its
///                                                     floor: one fdatasync and one round trip
///     bench_peer batches DATABASE FOLDER COUNT BATCH  rows per second: the last rows of the log,
///                                                     written anew by SQLite alone
///     bench_peer gets SOCKET COUNT PATH               microseconds: GETs, and a raw echo
///     bench_peer p99 SOCKET COUNT PATH                milliseconds: the slowest GET but one of 100
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "bench_peer: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// ---- HTTP, as much as a bench needs ------------------------------------------------------------

int connected(const std::string& path) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        fail("cannot connect to " + path);
    return socket;
}

void send_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) fail("cannot send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string post(const std::string& path, const std::string& body) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string create_key(const std::string& name) {
    return post("/v1/keys",
                R"({"name":")" + name +
                    R"(","public_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 bench"})");
}

std::string create_instance(const std::string& name) {
    return post("/v1/instances",
                R"({"name":")" + name +
                    R"(","image":"tiny","flavor":"tiny","networks":["wide"],"power":"off"})");
}

/// One connection and what came of its answer so far.
struct Client {
    int socket = -1;
    std::string got = {};

    /// Takes what is there; true when the answer is whole. Refusals end the bench.
    bool answered() {
        char bytes[65536];
        const ssize_t count = ::recv(socket, bytes, sizeof bytes, 0);
        if (count <= 0) fail("the daemon closed the connection");
        got.append(bytes, static_cast<std::size_t>(count));
        const std::size_t head = got.find("\r\n\r\n");
        if (head == std::string::npos) return false;
        if (got[9] != '2') fail("refused: " + got.substr(0, 1000));
        if (!whole(head)) return false;
        got.clear();
        return true;
    }
    /// Whether the body after the head is there: its length, or its last chunk.
    bool whole(std::size_t head) const {
        // In the head alone: to look through a long body anew with each of its pieces would be most
        // of what is measured.
        const std::size_t length = std::string_view(got).substr(0, head).find("Content-Length: ");
        if (length != std::string_view::npos)
            return got.size() >= head + 4 + std::strtoul(got.c_str() + length + 16, nullptr, 10);
        return got.ends_with("\r\n0\r\n\r\n");
    }
    void ask(const std::string& request) { send_all(socket, request); }
    void ask_and_wait(const std::string& request) {
        ask(request);
        while (!answered()) {
        }
    }
};

// ---- creates -----------------------------------------------------------------------------------

void creates(const std::string& path, int clients, int count, const std::string& name,
             std::string (*request)(const std::string&)) {
    std::vector<Client> all;
    std::vector<pollfd> polled;
    int sent = 0;
    const auto next = [&] { return request(name + "-" + std::to_string(sent++)); };
    const auto began = Clock::now();
    for (int at = 0; at < clients; ++at) {
        all.push_back({connected(path)});
        polled.push_back({all.back().socket, POLLIN, 0});
        all.back().ask(next());
    }
    for (int answered = 0; answered < count;) {
        if (::poll(polled.data(), polled.size(), -1) < 0) fail("cannot wait");
        for (std::size_t at = 0; at < all.size(); ++at) {
            if (polled[at].revents == 0 || !all[at].answered()) continue;
            ++answered;
            if (sent < count) all[at].ask(next());
        }
    }
    std::printf("%.1f\n", count / seconds_since(began));
}

// ---- one at a time -----------------------------------------------------------------------------

/// A process that sends back what it gets; the end to speak to.
int echo_process() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) fail("cannot make sockets");
    if (::fork() == 0) {
        ::close(ends[0]);
        char bytes[65536];
        for (;;) {
            const ssize_t count = ::recv(ends[1], bytes, sizeof bytes, 0);
            if (count <= 0) ::_exit(0);
            send_all(ends[1], {bytes, static_cast<std::size_t>(count)});
        }
    }
    ::close(ends[1]);
    return ends[0];
}

void round_trip(int echo, const std::string& question) {
    char bytes[65536];
    send_all(echo, question);
    for (std::size_t back = 0; back < question.size();) {
        const ssize_t count = ::recv(echo, bytes, sizeof bytes, 0);
        if (count <= 0) fail("the echo ended");
        back += static_cast<std::size_t>(count);
    }
}

int new_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) fail("cannot make " + path);
    return file;
}

template <class Ours, class Floor>
void side_by_side(int count, Ours ours, Floor floor) {
    std::vector<double> our_times;
    std::vector<double> floor_times;
    for (int at = 0; at < count; ++at) {
        auto began = Clock::now();
        ours(at);
        our_times.push_back(seconds_since(began) * 1e6);
        began = Clock::now();
        floor(at);
        floor_times.push_back(seconds_since(began) * 1e6);
    }
    std::printf("%.2f %.2f\n", median(our_times), median(floor_times));
}

void latency(const std::string& path, const std::string& folder, int count,
             const std::string& name) {
    const int file = new_file(folder + "/floor.sync");
    const int echo = echo_process();
    Client client{connected(path)};
    const std::string page(4096, 'x');
    side_by_side(
        count, [&](int at) { client.ask_and_wait(create_key(name + "-" + std::to_string(at))); },
        [&](int) {
            round_trip(echo, create_key(name));
            if (::write(file, page.data(), page.size()) != 4096) fail("cannot write");
            if (::fdatasync(file) != 0) fail("cannot sync");
        });
}

std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

void gets(const std::string& path, int count, const std::string& target) {
    const int echo = echo_process();
    Client client{connected(path)};
    side_by_side(
        count, [&](int) { client.ask_and_wait(get(target)); },
        [&](int) { round_trip(echo, get(target)); });
}

void p99(const std::string& path, int count, const std::string& target) {
    Client client{connected(path)};
    std::vector<double> times;
    for (int at = 0; at < count; ++at) {
        const auto began = Clock::now();
        client.ask_and_wait(get(target));
        times.push_back(seconds_since(began) * 1e3);
    }
    std::sort(times.begin(), times.end());
    std::printf("%.3f\n", times[times.size() * 99 / 100]);
}

// ---- SQLite alone ------------------------------------------------------------------------------

void run(sqlite3* database, const char* sql) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(std::string(sql) + ": " + sqlite3_errmsg(database));
}

sqlite3* opened(const std::string& path, int flags) {
    sqlite3* database = nullptr;
    if (sqlite3_open_v2(path.c_str(), &database, flags, nullptr) != SQLITE_OK)
        fail("cannot open " + path);
    return database;
}

sqlite3_stmt* prepared(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK)
        fail(std::string(sql) + ": " + sqlite3_errmsg(database));
    return statement;
}

struct Row {
    sqlite3_int64 numbers[4];  // revision, at, term, sum
    std::string texts[4];      // actor, request, steps, body
};

std::vector<Row> last_rows(const std::string& path, int count) {
    sqlite3* database = opened(path, SQLITE_OPEN_READONLY);
    sqlite3_stmt* rows = prepared(database,
                                  "SELECT revision, at, term, sum, actor, request, steps, body "
                                  "FROM log ORDER BY revision DESC LIMIT ?");
    sqlite3_bind_int(rows, 1, count);
    std::vector<Row> all;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        Row row;
        for (int at = 0; at < 4; ++at) row.numbers[at] = sqlite3_column_int64(rows, at);
        for (int at = 0; at < 4; ++at)
            row.texts[at] = reinterpret_cast<const char*>(sqlite3_column_text(rows, 4 + at));
        all.push_back(std::move(row));
    }
    sqlite3_finalize(rows);
    sqlite3_close(database);
    std::reverse(all.begin(), all.end());
    return all;
}

void insert(sqlite3_stmt* statement, const Row& row) {
    for (int at = 0; at < 4; ++at) sqlite3_bind_int64(statement, at + 1, row.numbers[at]);
    for (int at = 0; at < 4; ++at)
        sqlite3_bind_text(statement, at + 5, row.texts[at].data(),
                          static_cast<int>(row.texts[at].size()), SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_DONE) fail("cannot insert");
    sqlite3_reset(statement);
}

void batches(const std::string& path, const std::string& folder, int count, std::size_t batch) {
    const std::vector<Row> rows = last_rows(path, count);
    const std::string floor = folder + "/floor.sqlite";
    for (const char* end : {"", "-wal", "-shm"}) ::unlink((floor + end).c_str());
    sqlite3* database = opened(floor, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    run(database, "PRAGMA journal_mode=WAL");
    run(database, "PRAGMA synchronous=FULL");
    run(database,
        "CREATE TABLE log(revision INTEGER PRIMARY KEY, at INTEGER NOT NULL, term INTEGER NOT "
        "NULL, sum INTEGER NOT NULL, actor TEXT NOT NULL, request TEXT NOT NULL, steps TEXT NOT "
        "NULL, body TEXT NOT NULL) STRICT");
    sqlite3_stmt* statement =
        prepared(database,
                 "INSERT INTO log(revision, at, term, sum, actor, request, steps, body) "
                 "VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    const auto began = Clock::now();
    for (std::size_t first = 0; first < rows.size(); first += batch) {
        run(database, "BEGIN IMMEDIATE");
        for (std::size_t at = first; at < std::min(first + batch, rows.size()); ++at)
            insert(statement, rows[at]);
        run(database, "COMMIT");
    }
    std::printf("%.1f\n", static_cast<double>(rows.size()) / seconds_since(began));
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

}  // namespace

int main(int count, char** words) {
    const std::vector<std::string> given(words + 1, words + count);
    const std::string command = given.empty() ? "" : given[0];
    if (command == "creates" && given.size() == 5)
        creates(given[1], std::stoi(given[2]), std::stoi(given[3]), given[4], create_key);
    else if (command == "instances" && given.size() == 5)
        creates(given[1], std::stoi(given[2]), std::stoi(given[3]), given[4], create_instance);
    else if (command == "latency" && given.size() == 5)
        latency(given[1], given[2], std::stoi(given[3]), given[4]);
    else if (command == "batches" && given.size() == 5)
        batches(given[1], given[2], std::stoi(given[3]),
                static_cast<std::size_t>(std::stoi(given[4])));
    else if (command == "gets" && given.size() == 4)
        gets(given[1], std::stoi(given[2]), given[3]);
    else if (command == "p99" && given.size() == 4)
        p99(given[1], std::stoi(given[2]), given[3]);
    else
        fail("see the head of tools/bench_peer/main.cc for its commands");
    return 0;
}
