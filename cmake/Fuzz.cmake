# Fuzz targets: each file tests/fuzz/NAME_fuzz.cpp (tests/fuzz/fuzz.h says what one is).
#   every build      hourgate_replay gives each file of a corpus to its target once: tests corpus/NAME
#   -DHOURGATE_FUZZ=ON, with clang: fuzz_NAME, a libFuzzer of each, under ASan and UBSan, instead of
#                    all other tests. scripts/fuzz builds and runs them.
file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/*_fuzz.cpp)
set(fuzz_names "")
foreach(file IN LISTS fuzz_sources)
    cmake_path(GET file STEM name)
    string(REGEX REPLACE "_fuzz$" "" name "${name}")
    list(APPEND fuzz_names ${name})
endforeach()
# The fast path's is held against cpp-httplib, too.
set(fuzz_more_fast_path tests/fuzz/fast_path_law.cpp tests/fuzz/by_httplib.cpp)

if(HOURGATE_FUZZ)
    # SQLite is fuzzed by its makers, and most of what a database costs: ASan alone, and faster.
    target_compile_options(sqlite3 PRIVATE -O2 -fno-sanitize=undefined)
    foreach(name IN LISTS fuzz_names)
        add_executable(fuzz_${name} tests/fuzz/${name}_fuzz.cpp ${fuzz_more_${name}})
        target_include_directories(fuzz_${name} PRIVATE tests)
        target_compile_options(fuzz_${name} PRIVATE ${own_warnings})
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        target_link_libraries(fuzz_${name} PRIVATE hourgate_core)
    endforeach()
    return()
endif()

list(JOIN fuzz_names ") X(" names)
file(CONFIGURE OUTPUT "${generated_dir}/fuzz_targets.h"
    CONTENT "#define HOURGATE_FUZZ_TARGETS(X) X(${names})\n" @ONLY)
add_executable(hourgate_replay tests/fuzz/replay_main.cpp ${fuzz_sources} ${fuzz_more_fast_path})
target_include_directories(hourgate_replay PRIVATE tests)
target_compile_options(hourgate_replay PRIVATE ${own_warnings})
target_link_libraries(hourgate_replay PRIVATE hourgate_core)
foreach(name IN LISTS fuzz_names)
    # All in one program: each target gets a name of its own.
    set_source_files_properties(tests/fuzz/${name}_fuzz.cpp PROPERTIES
        COMPILE_DEFINITIONS LLVMFuzzerTestOneInput=fuzz_${name})
    add_test(NAME corpus/${name}
        COMMAND hourgate_replay ${name} "${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name}")
    set_tests_properties(corpus/${name} PROPERTIES TIMEOUT 300 LABELS unit)
endforeach()
