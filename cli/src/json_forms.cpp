#include "json_forms.hpp"

#include <boost/json/array.hpp>

#include <array>
#include <cstdint>

namespace json = boost::json;

namespace mooring::cli {
namespace {

bool isUtf8(std::string_view bytes) {
  const auto byteAt = [bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  for (std::size_t at = 0; at < bytes.size();) {
    const unsigned lead = byteAt(at);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead >= 0x80 && (lead < 0xC2 || lead > 0xF4)) return false;
    if (at + length > bytes.size()) return false;
    std::uint32_t code = lead;
    for (std::size_t next = 1; next < length; ++next) {
      if ((byteAt(at + next) & 0xC0U) != 0x80U) return false;
      code = next == 1 ? (lead & (0x3FU >> (length - 1))) : code;
      code = (code << 6U) | (byteAt(at + next) & 0x3FU);
    }
    if (length == 3 && (code < 0x800 || (code >= 0xD800 && code <= 0xDFFF))) return false;
    if (length == 4 && (code < 0x10000 || code > 0x10FFFF)) return false;
    at += length;
  }
  return true;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t next = 0; next < 3; ++next) {
      group = group << 8U | (at + next < bytes.size() ? static_cast<unsigned char>(bytes[at + next]) : 0U);
    }
    const auto left = bytes.size() - at;
    out += digits[group >> 18U & 63U];
    out += digits[group >> 12U & 63U];
    out += left > 1 ? digits[group >> 6U & 63U] : '=';
    out += left > 2 ? digits[group & 63U] : '=';
  }
  return out;
}

json::value orNull(const std::optional<Timestamp>& at) {
  return at ? json::value(mooring::toString(*at)) : json::value();
}

json::object toJson(const Captured& captured) {
  return {{"text", bytesToJson(captured.text)},
          {"totalBytes", captured.totalBytes},
          {"truncated", captured.truncated},
          {"headBytes", captured.headBytes}};
}

}  // namespace

json::value bytesToJson(std::string_view bytes) {
  if (isUtf8(bytes)) return json::value(bytes);
  return json::object{{"base64", base64(bytes)}};
}

json::object toJson(const Error& error) {
  json::object out{{"code", toString(error.code)}, {"message", bytesToJson(error.message)}};
  if (!error.provider.empty()) out["provider"] = error.provider;
  if (!error.operation.empty()) out["operation"] = error.operation;
  if (error.httpStatus != 0) out["httpStatus"] = error.httpStatus;
  out["transience"] = toString(error.transience);
  if (error.retryAfter) out["retryAfterMs"] = error.retryAfter->count();
  if (!error.requestId.empty()) out["requestId"] = error.requestId;
  return out;
}

json::object toJson(const ConnectionOutcome& outcome) {
  json::object out{{"outcome", toString(outcome.kind)}, {"record", mooring::toJson(outcome.record)}};
  if (outcome.reason) out["reason"] = toJson(*outcome.reason);
  return out;
}

json::object toJson(const CommandResult& result) {
  json::object out{{"exitCode", result.exitCode},
                   {"signal", result.signal},
                   {"stdout", toJson(result.out)},
                   {"stderr", toJson(result.err)},
                   {"startedAt", mooring::toString(result.startedAt)},
                   {"finishedAt", mooring::toString(result.finishedAt)},
                   {"connection", toString(result.connection)}};
  if (result.timedOut) {
    out["timedOut"] = toString(*result.timedOut);
    out["killConfirmed"] = result.killConfirmed;
  }
  return out;
}

json::object toJson(const FileInfo& file) {
  json::object out{{"name", bytesToJson(file.name)},
                   {"type", toString(file.type)},
                   {"size", file.size},
                   {"mode", file.mode},
                   {"modifiedAt", orNull(file.modifiedAt)}};
  if (!file.linkTarget.empty()) out["linkTarget"] = bytesToJson(file.linkTarget);
  return out;
}

json::object toJson(const CheckpointInfo& checkpoint) {
  return {{"id", checkpoint.id.value},
          {"comment", bytesToJson(checkpoint.comment)},
          {"createdAt", orNull(checkpoint.createdAt)},
          {"sizeBytes", checkpoint.sizeBytes ? json::value(*checkpoint.sizeBytes) : json::value()}};
}

json::object toJson(const VolumeInfo& volume) {
  json::array usedBy;
  for (const auto& key : volume.usedBy)
    usedBy.emplace_back(key);
  return {{"name", volume.name}, {"state", volume.state}, {"usedBy", std::move(usedBy)}};
}

json::object toJson(const RecoveryStep& step) {
  return {{"action", toString(step.action)},
          {"sandboxId", step.sandboxId.value},
          {"provider", step.provider},
          {"provisionKey", step.provisionKey},
          {"externalSandboxId", step.externalSandboxId.value},
          {"why", bytesToJson(step.why)}};
}

json::object toJson(const Finding& finding) {
  json::object out{{"good", finding.good}, {"what", bytesToJson(finding.what)}};
  if (!finding.fix.empty()) out["fix"] = bytesToJson(finding.fix);
  return out;
}

json::object toJson(const ProviderDescription& provider) {
  json::object capabilities;
  for (const auto& [capability, text] : detail::EnumText<Capability>::entries) {
    const auto known = provider.capabilities.find(capability);
    const auto info = known == provider.capabilities.end() ? CapabilityInfo() : known->second;
    capabilities[text] = json::object{{"support", toString(info.support)}, {"note", info.note}};
  }
  json::object out{{"name", provider.name}, {"usable", !provider.unusable.has_value()}};
  // A provider that could not be made has not said what it can do.
  if (!provider.unusable || !provider.capabilities.empty()) out["capabilities"] = std::move(capabilities);
  if (provider.unusable) out["unusable"] = toJson(*provider.unusable);
  json::array findings;
  for (const auto& finding : provider.findings)
    findings.push_back(toJson(finding));
  out["findings"] = std::move(findings);
  return out;
}

}  // namespace mooring::cli
