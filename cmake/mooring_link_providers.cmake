# mooring_link_providers(<target>)
#
# Links every provider listed by mooring_provider() into <target> and generates into it the definition of
#   void mooring::detail::registerBuiltinProviders(mooring::ProviderRegistry&);
# Plain calls, in the order of the list: a static registrar would be dropped by static linking.
include_guard(GLOBAL)

function(mooring_link_providers target)
  get_property(providers GLOBAL PROPERTY MOORING_PROVIDERS)
  set(declarations "")
  set(calls "")
  foreach(name IN LISTS providers)
    string(APPEND declarations "namespace ${name} {\nvoid registerProvider(ProviderRegistry& registry);\n}\n")
    string(APPEND calls "  ${name}::registerProvider(registry);\n")
    target_link_libraries(${target} PUBLIC mooring::provider_${name})
  endforeach()

  set(source "${CMAKE_CURRENT_BINARY_DIR}/builtin_providers.cpp")
  configure_file("${MOORING_CMAKE_DIR}/builtin_providers.cpp.in" "${source}" @ONLY)
  target_sources(${target} PRIVATE "${source}")
endfunction()
