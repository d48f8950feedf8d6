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
if(INBOXD_UNITY)
  # What a file declares for itself is global to those that follow it, and seems to be a header's.
  target_compile_options(inboxd_flags INTERFACE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
target_compile_definitions(inboxd_flags INTERFACE INBOXD_VERSION="${PROJECT_VERSION}")
target_include_directories(inboxd_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(INBOXD_SANITIZE)
  target_compile_options(inboxd_flags INTERFACE -fsanitize=${INBOXD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(inboxd_flags INTERFACE -fsanitize=${INBOXD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(inboxd_flags INTERFACE -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/sanitizer-ignorelist.txt)
  endif()
endif()

# inboxd_unity(TARGET): compiles it as one file where INBOXD_UNITY says so. No two files of it may then use one name for
# different things; a name that clashes is too general for its folder, or is there twice.
function(inboxd_unity target)
  if(INBOXD_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
endfunction()

# inboxd_module(NAME LIBRARY...): the static library inboxd_NAME from every .cpp of this folder, linked to LIBRARY...
function(inboxd_module name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    add_library(inboxd_${name} INTERFACE)
    return()
  endif()
  add_library(inboxd_${name} STATIC ${sources})
  target_link_libraries(inboxd_${name} PUBLIC inboxd_flags ${ARGN})
  inboxd_unity(inboxd_${name})
endfunction()
