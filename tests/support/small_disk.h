// Simulates a full disk for the process that runs the test.
#pragma once

#include <sys/resource.h>

#include <csignal>
#include <cstdint>

namespace hourgate::test {

/// While it exists, no file of this process grows beyond `bytes`: a writer sees a full disk.
class SmallDisk {
public:
    explicit SmallDisk(std::uintmax_t bytes) : old_action_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &old_);
        const struct rlimit small = {bytes, old_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~SmallDisk() {
        ::setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, old_action_);
    }

private:
    struct rlimit old_ {};
    void (*old_action_)(int);
};

}  // namespace hourgate::test
