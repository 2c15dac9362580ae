# `cmake --install build`: the binary, its completions and the systemd unit.
include(GNUInstallDirs)
install(TARGETS prepull)

# The binary writes its completions, so they are there only where it runs. The
# unit names the binary where it is installed.
set(PREPULL_BINARY_FOLDER ${CMAKE_INSTALL_BINDIR})
set(PREPULL_CROSS ${CMAKE_CROSSCOMPILING})
set(PREPULL_UNIT ${PROJECT_SOURCE_DIR}/manifests/systemd/prepull.service)
configure_file(${CMAKE_CURRENT_LIST_DIR}/install_more.cmake.in
               ${PROJECT_BINARY_DIR}/install_more.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/install_more.cmake)
