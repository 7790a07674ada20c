# Files made at build time:
#   embedded.h, embedded.cpp   schema/*.sql in order, schema/openapi.json, docs/errors.md,
#                              config.example.toml and snippets/*, as text in the program
#   build_info.h, commit.cpp   what this build is and what it is made of
# Leaves `generated_dir` and `generated_sources`.
set(generated_dir "${CMAKE_BINARY_DIR}/generated")
file(MAKE_DIRECTORY "${generated_dir}")

file(GLOB schema_files CONFIGURE_DEPENDS schema/*.sql)
file(GLOB snippet_files CONFIGURE_DEPENDS snippets/*)
configure_file(cmake/embedded.h.in "${generated_dir}/embedded.h" COPYONLY)
add_custom_command(OUTPUT "${generated_dir}/embedded.cpp"
    COMMAND "${CMAKE_COMMAND}" -DSOURCE_DIR=${CMAKE_SOURCE_DIR}
        -DOUTPUT=${generated_dir}/embedded.cpp -P "${CMAKE_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS ${schema_files} ${snippet_files} schema/openapi.json docs/errors.md
        config.example.toml
        cmake/embed.cmake
    COMMENT "Embedding schema, docs, configuration example and snippets" VERBATIM)

set(part_lines "")
foreach(part IN LISTS parts)
    string(REPLACE "|" "\",\n     \"" part "${part}")
    string(APPEND part_lines "    {\"${part}\"},\n")
endforeach()
set(compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
configure_file(cmake/build_info.h.in "${generated_dir}/build_info.h" @ONLY)

# The commit may change without any file of the build changing, so it is read at every build; the
# file is written only when it differs, so nothing is compiled for nothing.
add_custom_target(hourgate_commit
    COMMAND "${CMAKE_COMMAND}" -DSOURCE_DIR=${CMAKE_SOURCE_DIR} -DOUTPUT=${generated_dir}/commit.cpp
        -P "${CMAKE_SOURCE_DIR}/cmake/commit.cmake"
    BYPRODUCTS "${generated_dir}/commit.cpp" COMMENT "Reading the commit" VERBATIM)

set(generated_sources "${generated_dir}/embedded.cpp" "${generated_dir}/commit.cpp")
