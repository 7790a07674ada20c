// The executable.
#include <malloc.h>

#include "cli/cli.h"

int main(int argc, char** argv) {
    // By default each thread gets memory of its own, and keeps what it frees: with tens of threads,
    // of which few ask for memory at a time, that is most of what a server holds.
    mallopt(M_ARENA_MAX, 2);
    return hourgate::cli::run(argc, argv);
}
