# The Debian package "pixeledge", by CPack: what is installed where, and the control files from
# packaging/debian. tools/make_deb builds and packs it.
set(PIXEL_PACKAGE_RELEASE 1 CACHE STRING "Of the package, after the version: 0.1.0-<this>")

find_program(PIXEL_GZIP gzip)
find_program(PIXEL_DPKG dpkg)
if(NOT PIXEL_GZIP OR NOT PIXEL_DPKG)
  message(STATUS "No gzip or no dpkg: no Debian package can be made here")
  return()
endif()

# Units and settings have absolute places; tools/make_deb makes /usr the prefix of the rest.
set(CPACK_SET_DESTDIR ON)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pixeledge)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "pixeledge maintainers <maintainers@pixeledge.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "pixel server that logs before it answers, and its shipper")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "pixel-edge answers tracking pixels, beacons and events, and writes a line of\n\
a CloudFront standard log for each request before its answer. pixel-shipper\n\
brings each line into DuckDB, Parquet files and other sinks exactly once.\n\
pixel-log reads and proves the log; pixel-load drives requests.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(packaging ${CMAKE_SOURCE_DIR}/packaging)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${PIXEL_PACKAGE_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
# useradd, for machines without systemd-sysusers; libraries that are loaded when they are needed
# (shipper/transport), and so are not among those that are linked.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "passwd, libcurl4, libpq5")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS systemd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${packaging}/debian/conffiles
  ${packaging}/debian/postinst
  ${packaging}/debian/prerm
  ${packaging}/debian/postrm)

# pixel_compress(<from> <to>): gzip without time or name, so that two builds are the same.
function(pixel_compress from to)
  get_filename_component(folder ${to} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${PIXEL_GZIP} -9nc ${from} OUTPUT_FILE ${to} COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
endfunction()

set(made ${CMAKE_BINARY_DIR}/packaging)
set(PIXEL_PACKAGE_VERSION ${PROJECT_VERSION}-${PIXEL_PACKAGE_RELEASE})
string(TIMESTAMP PIXEL_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC) # Or SOURCE_DATE_EPOCH.
configure_file(${packaging}/debian/changelog.in ${made}/changelog.Debian @ONLY)
pixel_compress(${made}/changelog.Debian ${made}/changelog.Debian.gz)
pixel_compress(${CMAKE_SOURCE_DIR}/CHANGELOG.md ${made}/changelog.gz)
foreach(page pixel-edge.8 pixel-shipper.8 pixel-log.1 pixel-load.1)
  string(REGEX REPLACE ".*\\." "" section ${page})
  pixel_compress(${packaging}/man/${page} ${made}/${page}.gz)
  install(FILES ${made}/${page}.gz DESTINATION share/man/man${section})
endforeach()

# Each shell's completion, by the program's own tables.
set(completions)
foreach(shell bash zsh fish)
  add_custom_command(OUTPUT ${made}/completion.${shell}
    COMMAND pixel-shipper completion ${shell} > ${made}/completion.${shell}
    DEPENDS pixel-shipper VERBATIM)
  list(APPEND completions ${made}/completion.${shell})
endforeach()
add_custom_target(pixel_completions ALL DEPENDS ${completions})
install(FILES ${made}/completion.bash DESTINATION share/bash-completion/completions
  RENAME pixel-shipper)
install(FILES ${made}/completion.zsh DESTINATION share/zsh/vendor-completions
  RENAME _pixel-shipper)
install(FILES ${made}/completion.fish DESTINATION share/fish/vendor_completions.d
  RENAME pixel-shipper.fish)

install(TARGETS pixel-edge pixel-shipper pixel-log pixel-load RUNTIME DESTINATION bin)
# Not a library of the system: nobody else finds it, and no other one is taken for it.
get_filename_component(duckdb_file ${PIXEL_DUCKDB_LIBRARY} REALPATH)
install(FILES ${duckdb_file} DESTINATION lib/pixeledge RENAME libduckdb.so)
install(CODE "execute_process(COMMAND ${CMAKE_STRIP} --strip-unneeded
  \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/pixeledge/libduckdb.so COMMAND_ERROR_IS_FATAL ANY)")

install(FILES edge/edge.toml shipper/shipper.toml DESTINATION /etc/pixeledge)
install(FILES systemd/pixel-edge.service systemd/pixel-edge.socket systemd/pixel-shipper.service
  systemd/pixeledge.slice DESTINATION /lib/systemd/system)
install(FILES systemd/sysusers.d/pixeledge.conf DESTINATION lib/sysusers.d)
install(FILES systemd/tmpfiles.d/pixeledge.conf DESTINATION lib/tmpfiles.d)

file(GLOB documents CONFIGURE_DEPENDS docs/*.md)
install(FILES README.md ${documents} ${packaging}/debian/copyright ${made}/changelog.Debian.gz
  ${made}/changelog.gz DESTINATION share/doc/pixeledge)
install(FILES ${packaging}/debian/lintian-overrides
  DESTINATION share/lintian/overrides RENAME pixeledge)

include(CPack)
