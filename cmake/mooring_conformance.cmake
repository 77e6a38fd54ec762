# mooring_conformance(<source>...)
#
# Links the conformance suite once for each provider that has a providers/<name>/testing/fixture.cpp: the executable
# mooring_conformance_<name>, whose ctest labels are "conformance" and "conformance.<name>".
include_guard(GLOBAL)

function(mooring_conformance)
  get_property(providers GLOBAL PROPERTY MOORING_PROVIDERS)
  foreach(name IN LISTS providers)
    set(testing "${PROJECT_SOURCE_DIR}/providers/${name}/testing")
    file(GLOB fixture CONFIGURE_DEPENDS "${testing}/*.cpp")
    if(fixture)
      mooring_test(
        conformance_${name}
        TARGET mooring_conformance_${name}
        PREFIX conformance.${name}/
        SOURCES ${ARGN} ${fixture}
        LIBS mooring::mooring mooring::provider_${name}
        LABELS conformance conformance.${name})
      if(TARGET mooring_emulator_${name})
        target_link_libraries(mooring_conformance_${name} PRIVATE mooring::emulator_${name})
      endif()
      target_include_directories(
        mooring_conformance_${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests/conformance" "${testing}")
    endif()
  endforeach()
endfunction()
