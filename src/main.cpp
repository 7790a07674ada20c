// The program's main function.
#include <malloc.h>

#include "cli/cli.h"

int main(int argc, char** argv) {
    // By default each thread has its own arena and keeps what it frees. A server has tens of
    // threads, of which few allocate at the same time, so most of its memory would be such
    // leftovers.
    mallopt(M_ARENA_MAX, 2);
    return hourgate::cli::run(argc, argv);
}
