# How every file is compiled: warnings are errors, no coroutines (g++ 12.2 destroys some
# temporaries twice), one precompiled header for all (so -pthread for all), ccache when it is there,
# mold when it is there.
add_compile_options(
  -fno-coroutines -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough -Wswitch -Werror -pthread)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  string(REPLACE "-fno-coroutines " "" CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS}")
  get_directory_property(options COMPILE_OPTIONS)
  list(REMOVE_ITEM options -fno-coroutines)
  # clang is there for the fuzz targets; g++ is the one whose warnings are errors.
  list(REMOVE_ITEM options -Werror)
  set_directory_properties(PROPERTIES COMPILE_OPTIONS "${options}")
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # Paths are made relative, so that two checkouts share their results; the precompiled header
  # needs its own leave (see "Precompiled headers" in ccache(1)). What a file includes is learnt from
  # the compiler, not by preprocessing it first: that cost a fresh machine a sixth of the build.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
endif()

find_program(MOLD mold)
if(MOLD AND NOT VDC_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()

set(VDC_SANITIZE "" CACHE STRING "address,undefined or thread, or nothing")
if(VDC_SANITIZE MATCHES "thread")
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)  # fences are unknown to this sanitizer
endif()
if(VDC_SANITIZE)
  add_compile_options(-fsanitize=${VDC_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${VDC_SANITIZE})
endif()
