# mooring_provider(<name>)
#
# One line in providers/CMakeLists.txt for each provider. Builds providers/<name>, whose CMakeLists.txt calls
# mooring_library(provider_<name> ...) and whose sources define
#   void mooring::<name>::registerProvider(mooring::ProviderRegistry&);
# The facade calls that (mooring_link_providers), and tests/conformance runs against its testing/fixture.cpp
# (mooring_conformance).
include_guard(GLOBAL)

function(mooring_provider name)
  add_subdirectory(${name})
  set_property(GLOBAL APPEND PROPERTY MOORING_PROVIDERS ${name})
endfunction()
