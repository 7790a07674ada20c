# Units go to lib/systemd/system under the prefix, which systemd reads in /usr/local and in /usr.
# /etc/systemd/system is left to the operator: what is there wins over what is installed here.
# The configuration example is documentation; scripts/install makes /etc/hourgate/config.toml from
# it once and never writes over it.
install(TARGETS hourgate RUNTIME DESTINATION bin)
install(FILES config.example.toml README.md SECURITY.md DESTINATION share/doc/hourgate)
install(DIRECTORY docs DESTINATION share/doc/hourgate)
install(FILES systemd/sysusers.d/hourgate.conf DESTINATION lib/sysusers.d)
install(FILES systemd/hourgate-backup.timer DESTINATION lib/systemd/system)

# The units name the executable and a page of the documentation by their full paths, which follow the
# prefix given at installation.
set(unit_source "${CMAKE_SOURCE_DIR}/systemd")
install(CODE "set(unit_source \"${unit_source}\")")
install(CODE [[
    foreach(unit hourgate.service hourgate-backup.service hourgate-public.socket
            hourgate-ask.socket hourgate-admin.socket)
        file(READ "${unit_source}/${unit}" text)
        string(REPLACE "/usr/local/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
        set(target "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/${unit}")
        message(STATUS "Installing: ${target}")
        file(WRITE "${target}" "${text}")
        file(CHMOD "${target}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    endforeach()
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
