# Installs the headers of the maps and of the judge, the judge's library, what find_package(gauntlet) needs, and what
# teaches gdb to show the maps.
# Adapters, defective maps and targets stay here: they are this project's tests.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/gauntlet/map" "${PROJECT_SOURCE_DIR}/lib/gauntlet/check"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/gauntlet" FILES_MATCHING PATTERN "*.h"
  PATTERN compile_fail EXCLUDE PATTERN gdb EXCLUDE)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/gauntlet/map/gdb" DESTINATION "${CMAKE_INSTALL_DATADIR}/gauntlet"
  FILES_MATCHING PATTERN "*.py" PATTERN __pycache__ EXCLUDE)
set(targets gauntlet_map)
if(TARGET gauntlet_check)
  list(APPEND targets gauntlet_check)
endif()
install(TARGETS ${targets} EXPORT gauntlet-targets)
install(EXPORT gauntlet-targets NAMESPACE gauntlet:: DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/gauntlet")
configure_package_config_file("${PROJECT_SOURCE_DIR}/ci/cmake/gauntlet-config.cmake.in"
  "${PROJECT_BINARY_DIR}/gauntlet-config.cmake" INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/gauntlet")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/gauntlet-config-version.cmake" COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/gauntlet-config.cmake" "${PROJECT_BINARY_DIR}/gauntlet-config-version.cmake"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/gauntlet")
