# Script: writes OUTPUT, the definitions for embedded.h, from the files in SOURCE_DIR.
file(GLOB schema_files "${SOURCE_DIR}/schema/*.sql")  # in the order of their names

set(text "// Made by the build; see cmake/embed.cmake.\n#include \"embedded.h\"\n\n")
string(APPEND text "namespace hourgate::embedded {\n\nconst File migrations[] = {\n")
set(count 0)
foreach(file IN LISTS schema_files)
    get_filename_component(name "${file}" NAME)
    file(READ "${file}" content)
    string(APPEND text "    {\"${name}\", R\"hourgate(${content})hourgate\"},\n")
    math(EXPR count "${count} + 1")
endforeach()
string(APPEND text "    {nullptr, nullptr},\n};\nconst std::size_t migration_count = ${count};\n\n")
file(READ "${SOURCE_DIR}/config.example.toml" content)
string(APPEND text "const char* const config_example = R\"hourgate(${content})hourgate\";\n\n")
file(READ "${SOURCE_DIR}/schema/openapi.json" content)
string(APPEND text "const char* const openapi = R\"hourgate(${content})hourgate\";\n\n")
string(APPEND text "}  // namespace hourgate::embedded\n")
file(WRITE "${OUTPUT}" "${text}")
