# cmake -D INPUT=FILE -D OUTPUT=FILE.cpp -P embed_openapi.cmake: the text of INPUT as inboxd::http::openapi_document().
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
string(REGEX REPLACE "(('[^']+',){16})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"http/openapi.hpp\"

namespace inboxd::http {
namespace {

constexpr char kDocument[] = {
${bytes}
};

}  // namespace

std::string_view openapi_document() noexcept { return {kDocument, sizeof kDocument}; }

}  // namespace inboxd::http
")
