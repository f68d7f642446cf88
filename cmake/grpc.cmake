# vdc_grpc(NAME FILE.proto) makes the static library NAME with what protoc writes for the messages and
# the services of the file: "FILE.pb.h", "FILE.grpc.pb.h". It is others' code: no warnings.
function(vdc_grpc name proto)
  get_filename_component(file ${proto} NAME_WE)
  get_filename_component(folder ${CMAKE_SOURCE_DIR}/${proto} DIRECTORY)
  set(out ${CMAKE_BINARY_DIR}/${name})
  set(written ${out}/${file}.pb.cc ${out}/${file}.grpc.pb.cc)
  file(MAKE_DIRECTORY ${out})
  add_custom_command(
    OUTPUT ${written} ${out}/${file}.pb.h ${out}/${file}.grpc.pb.h
    COMMAND protobuf::protoc --proto_path=${folder} --cpp_out=${out} --grpc_out=${out}
            --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${file}.proto
    DEPENDS ${CMAKE_SOURCE_DIR}/${proto}
    VERBATIM)
  add_library(${name} STATIC ${written})
  target_compile_options(${name} PRIVATE -w)
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
endfunction()
