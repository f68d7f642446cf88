#include "store/etcd/etcd_test_util.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "runtime/fd.h"
#include "runtime/files.h"
#include "store/etcd/client.h"

namespace vdc::store {

using namespace std::chrono_literals;

namespace {

/// A port that nobody has now.
int free_port() {
    const runtime::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    base::check(::bind(socket.get(), generic, size) == 0, "a port is free");
    base::check(::getsockname(socket.get(), generic, &size) == 0, "it has a number");
    return ntohs(address.sin_port);
}

std::string url(int port) {
    return "http://127.0.0.1:" + std::to_string(port);
}

/// Starts a program that ends with us, its output in a file.
pid_t spawn(const std::vector<std::string>& words, const std::string& log) {
    std::vector<char*> arguments;
    for (const std::string& each : words) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    base::check(pid >= 0, "a process can be made");
    if (pid > 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

}  // namespace

EtcdCluster::EtcdCluster(int servers) {
    std::string pattern = "/tmp/vdcetcdXXXXXX";
    base::check(::mkdtemp(pattern.data()) != nullptr, "a folder can be made");
    folder_ = pattern;
    for (int count = 0; count < servers; ++count)
        members_.push_back({free_port(), free_port(), -1});
    for (int server = 0; server < servers; ++server) start(server);
    wait();
}

EtcdCluster::~EtcdCluster() {
    for (int server = 0; server < static_cast<int>(members_.size()); ++server) kill(server);
    (void)runtime::remove_tree(folder_);
}

EtcdServers EtcdCluster::servers() const {
    EtcdServers all;
    for (const Member& each : members_)
        all.addresses.push_back("127.0.0.1:" + std::to_string(each.client_port));
    return all;
}

void EtcdCluster::start(int server) {
    Member& member = members_[static_cast<std::size_t>(server)];
    std::string all;
    for (std::size_t number = 0; number < members_.size(); ++number)
        all += (number > 0 ? "," : "") + ("e" + std::to_string(number)) + "=" +
               url(members_[number].peer_port);
    const std::string name = "e" + std::to_string(server);
    const std::string data = folder_ + "/" + name;
    member.pid = spawn({"etcd",
                        "--name",
                        name,
                        "--data-dir",
                        data,
                        "--listen-client-urls",
                        url(member.client_port),
                        "--advertise-client-urls",
                        url(member.client_port),
                        "--listen-peer-urls",
                        url(member.peer_port),
                        "--initial-advertise-peer-urls",
                        url(member.peer_port),
                        "--initial-cluster",
                        all,
                        "--initial-cluster-state",
                        "new",
                        "--heartbeat-interval",
                        "50",
                        "--election-timeout",
                        "500"},
                       data + ".log");
}

void EtcdCluster::kill(int server) {
    Member& member = members_[static_cast<std::size_t>(server)];
    if (member.pid < 0) return;
    ::kill(member.pid, SIGKILL);
    ::waitpid(member.pid, nullptr, 0);
    member.pid = -1;
}

void EtcdCluster::freeze(int server) {
    const pid_t pid = members_[static_cast<std::size_t>(server)].pid;
    ::kill(pid, SIGSTOP);
    ::waitpid(pid, nullptr, WUNTRACED);  // until all its threads stand still
}

void EtcdCluster::thaw(int server) {
    ::kill(members_[static_cast<std::size_t>(server)].pid, SIGCONT);
}

void EtcdCluster::wait() {
    for (const Member& each : members_) {
        if (each.pid < 0) continue;
        EtcdServers one;
        one.addresses = {"127.0.0.1:" + std::to_string(each.client_port)};
        one.answer_within = 1s;
        const auto client = EtcdClient::open(one);
        base::check(client.ok(), "an address of ours is one");
        const auto until = std::chrono::steady_clock::now() + 60s;
        while (!(*client)->get("/").ok()) {
            base::check(std::chrono::steady_clock::now() < until, "etcd (etcd-server) answers");
            std::this_thread::sleep_for(20ms);
        }
    }
}

}  // namespace vdc::store
