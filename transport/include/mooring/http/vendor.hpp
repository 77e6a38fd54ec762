/// Errors as every provider words them: what was wanted, who answered what, and what to do.
#pragma once

#include <mooring/error.hpp>
#include <mooring/http/response.hpp>
#include <mooring/secret.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace mooring::http {

/// Whose answers they are.
struct Vendor {
  std::string_view provider;  ///< "acme": Error::provider.
  std::string_view name;      ///< "Acme": for people.
};

/// A failure with the provider's name on it.
std::unexpected<Error> refusal(const Vendor& vendor, Errc code, std::string message);

/// An error reply: "cannot <what>: Acme answered 409<said><advice>", with all that the reply tells of trying
/// again. What is in `hidden` does not get into it.
Error answered(const Vendor& vendor,
               const Response& response,
               Errc code,
               std::string_view what,
               std::string_view said,
               std::string_view advice,
               const Secret& hidden);

/// A request without a reply, or with an unreadable one: "cannot <what>: …".
Error unanswered(const Vendor& vendor, Error error, std::string_view what);

/// `error` of a request that may have had an effect in spite of it.
Error outcomeUnknown(Error error);

/// A member of an error reply: a text, or texts joined by commas; one line. Empty when there is none.
std::string textOf(const boost::json::object& object, std::string_view name);

/// The body of an error reply that is no JSON: one line. Empty for the page of some proxy, which says nothing
/// to a person.
std::string plainTextOf(const Response& response);

/// `text` without `hidden`, should it be in there.
std::string redacted(std::string text, const Secret& hidden);

}  // namespace mooring::http
