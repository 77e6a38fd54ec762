#include "json_forms.hpp"

#include <boost/json/array.hpp>

namespace json = boost::json;

namespace mooring::cli {
namespace {

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
