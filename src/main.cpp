// The executable.
#include "cli/cli.h"

int main(int argc, char** argv) {
    return hourgate::cli::run(argc, argv);
}
