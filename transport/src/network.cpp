#include <mooring/http/engine.hpp>
#include <mooring/http/headers.hpp>

#include <string_view>

namespace mooring::http {

namespace {

std::string firstOf(const Settings& settings, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (auto value = settings.get(name)) return *std::move(value);
  }
  return {};
}

bool matches(std::string_view rule, std::string_view host) {
  if (rule == "*") return true;
  if (rule.starts_with("*.")) rule.remove_prefix(1);
  if (rule.starts_with('.')) rule.remove_prefix(1);
  if (rule.empty() || host.size() < rule.size()) return false;
  const auto tail = host.substr(host.size() - rule.size());
  return sameName(tail, rule) && (host.size() == rule.size() || host[host.size() - rule.size() - 1] == '.');
}

}  // namespace

Network Network::from(const Settings& settings) {
  Network network;
  network.httpsProxy = firstOf(settings, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  network.httpProxy = firstOf(settings, {"http_proxy", "all_proxy", "ALL_PROXY"});
  network.noProxy = firstOf(settings, {"no_proxy", "NO_PROXY"});
  network.caFile = firstOf(settings, {"CURL_CA_BUNDLE", "SSL_CERT_FILE"});
  network.caDirectory = firstOf(settings, {"SSL_CERT_DIR"});
  return network;
}

std::string Network::proxyFor(const std::string& host, bool encrypted) const {
  const auto& proxy = encrypted ? httpsProxy : httpProxy;
  if (proxy.empty()) return {};
  std::string_view rest = noProxy;
  while (!rest.empty()) {
    const auto end = rest.find_first_of(", ");
    if (matches(rest.substr(0, end), host)) return {};
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return proxy;
}

}  // namespace mooring::http
