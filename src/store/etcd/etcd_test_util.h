#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace vdc::store {

/// Real etcd servers on this machine's loopback, of one cluster, with folders of their own; they
/// end with this, or with the test's process.
class EtcdCluster {
  public:
    /// Returns when it answers; stops the test's process when it does not.
    explicit EtcdCluster(int servers = 1);
    ~EtcdCluster();
    EtcdCluster(const EtcdCluster&) = delete;
    EtcdCluster& operator=(const EtcdCluster&) = delete;

    EtcdServers servers() const;

    /// Ends one as a crash does (SIGKILL); begins it again with its folder.
    void kill(int server);
    void start(int server);

    /// Freezes one (SIGSTOP): its connections stay and nobody answers. And thaws it.
    void freeze(int server);
    void thaw(int server);

    /// Returns when all that run answer, and so have a leader.
    void wait();

  private:
    struct Member {
        int client_port = 0;
        int peer_port = 0;
        pid_t pid = -1;
    };
    std::string folder_;
    std::vector<Member> members_;
};

}  // namespace vdc::store
