# Flags and helpers shared by every target.

add_library(inboxd_flags INTERFACE)
target_compile_options(inboxd_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                       -Wold-style-cast -Woverloaded-virtual -Werror)
# Members that a designated initializer leaves out have their defaults: that is what they are for.
target_compile_options(inboxd_flags INTERFACE -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlaps in std::string's own operator+ that are not there.
  target_compile_options(inboxd_flags INTERFACE -Wno-restrict)
endif()
target_compile_definitions(inboxd_flags INTERFACE INBOXD_VERSION="${PROJECT_VERSION}")
target_include_directories(inboxd_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(INBOXD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio's fences are not seen by the sanitizer, and GCC says so; its queues have locks, which are.
  target_compile_options(inboxd_flags INTERFACE -Wno-tsan)
endif()
if(INBOXD_SANITIZE)
  target_compile_options(inboxd_flags INTERFACE -fsanitize=${INBOXD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(inboxd_flags INTERFACE -fsanitize=${INBOXD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(inboxd_flags INTERFACE -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/sanitizer-ignorelist.txt)
  endif()
endif()

# inboxd_module(NAME LIBRARY...): the static library inboxd_NAME from every .cpp of this folder, linked to LIBRARY...
function(inboxd_module name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    add_library(inboxd_${name} INTERFACE)
    return()
  endif()
  add_library(inboxd_${name} STATIC ${sources})
  target_link_libraries(inboxd_${name} PUBLIC inboxd_flags ${ARGN})
endfunction()
