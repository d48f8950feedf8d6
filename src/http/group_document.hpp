#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "core/rows.hpp"

/// Group documents (PROTOCOL 4) as the API reads and changes them.
namespace inboxd::http {

/// Fields to set, each with its JSON text.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

/// The document with these fields instead of its own of the same names; everything else as it was.
std::string with_fields(std::string_view document, const Fields& fields);

/// `{"id":1,…}`
std::string members_json(const std::vector<PartyId>& members);

/// The ids of `{"id":1,…}` or `["id",…]`, each once; nothing where it is neither, or an id is malformed.
std::optional<std::vector<PartyId>> read_members(std::string_view raw);

/// A string of the document; empty where there is none.
std::string text_of(std::string_view document, std::string_view field);

bool has_member(const std::vector<PartyId>& members, const PartyId& id);

}  // namespace inboxd::http
