# Units go to lib/systemd/system under the prefix, which systemd reads in /usr/local and in /usr.
# /etc/systemd/system is left to the operator: what is there wins over what is installed here.
# The configuration example is documentation; scripts/install makes /etc/hourgate/config.toml from
# it once and never writes over it.
install(TARGETS hourgate RUNTIME DESTINATION bin)
install(FILES config.example.toml README.md SECURITY.md LICENSE DESTINATION share/doc/hourgate)
install(DIRECTORY docs DESTINATION share/doc/hourgate)
install(FILES systemd/sysusers.d/hourgate.conf DESTINATION lib/sysusers.d)

# Units name the executable and a page of the documentation by their full paths, under the prefix that is configured:
# the files in systemd/ are those of /usr/local.
file(GLOB units CONFIGURE_DEPENDS systemd/*.service systemd/*.socket systemd/*.timer)
foreach(unit IN LISTS units)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${unit}")
    cmake_path(GET unit FILENAME name)
    file(READ "${unit}" text)
    string(REPLACE "/usr/local/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
    file(CONFIGURE OUTPUT "${generated_dir}/systemd/${name}" CONTENT "${text}" @ONLY)
    install(FILES "${generated_dir}/systemd/${name}" DESTINATION lib/systemd/system)
endforeach()

install(CODE "set(configured \"${CMAKE_INSTALL_PREFIX}\")")
install(CODE [[
    if(NOT CMAKE_INSTALL_PREFIX STREQUAL configured)
        message(WARNING "The units name ${configured}. Configure with "
            "-DCMAKE_INSTALL_PREFIX=${CMAKE_INSTALL_PREFIX} instead.")
    endif()
]])

# The manual page and what shells complete are written by the program, from its table of commands.
install(CODE "set(program \"$<TARGET_FILE:hourgate>\")")
install(CODE [[
    function(install_what_it_prints path)
        set(target "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share/${path}")
        message(STATUS "Installing: ${target}")
        execute_process(COMMAND "${program}" ${ARGN} OUTPUT_VARIABLE text
            COMMAND_ERROR_IS_FATAL ANY)
        file(WRITE "${target}" "${text}")
        file(CHMOD "${target}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    endfunction()
    install_what_it_prints(man/man1/hourgate.1 man)
    install_what_it_prints(bash-completion/completions/hourgate completion bash)
    install_what_it_prints(zsh/site-functions/_hourgate completion zsh)
    install_what_it_prints(fish/vendor_completions.d/hourgate.fish completion fish)
]])
