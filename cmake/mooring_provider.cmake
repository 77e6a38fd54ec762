# mooring_provider(<name>)
#
# One line in providers/CMakeLists.txt for each provider. Builds providers/<name>, whose CMakeLists.txt calls
# mooring_library(provider_<name> ...) and whose sources define
#   void mooring::<name>::registerProvider(mooring::ProviderRegistry&);
# The facade calls that (mooring_link_providers), and tests/conformance runs against its testing/fixture.cpp
# (mooring_conformance).
include_guard(GLOBAL)

function(mooring_provider name)
  mooring_subdirectory(${name})
  if(NOT TARGET mooring_provider_${name})
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY MOORING_PROVIDERS ${name})
endfunction()
