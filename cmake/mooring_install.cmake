# mooring_install(): writes the package files that find_package(mooring) reads, once all libraries are declared.
include_guard(GLOBAL)

function(mooring_install)
  set(destination "${CMAKE_INSTALL_LIBDIR}/cmake/mooring")
  get_property(dependencies GLOBAL PROPERTY MOORING_DEPENDENCIES)
  list(REMOVE_DUPLICATES dependencies)
  set(find_dependencies "")
  foreach(dependency IN LISTS dependencies)
    string(APPEND find_dependencies "find_dependency(${dependency})\n")
  endforeach()

  configure_package_config_file(
    "${MOORING_CMAKE_DIR}/mooringConfig.cmake.in" "${PROJECT_BINARY_DIR}/mooringConfig.cmake"
    INSTALL_DESTINATION "${destination}")
  write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/mooringConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/mooringConfig.cmake" "${PROJECT_BINARY_DIR}/mooringConfigVersion.cmake"
          DESTINATION "${destination}")
  install(EXPORT mooringTargets NAMESPACE mooring:: DESTINATION "${destination}")
endfunction()
