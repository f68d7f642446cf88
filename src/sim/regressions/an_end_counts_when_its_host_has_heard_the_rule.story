# A guest crashes and shall not start again; meanwhile its host hears that such ones start again, and a
# moment later that they do not. Its report from before, that it is off, once gave its room back while
# it was being launched.
hosts 1
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "restart": "never"}
run 10s
quiet
ways delay=400ms
update instance web {"restart": "always"}
run 20ms
update instance web {"restart": "never"}
run 10ms
crash web
run 10s
rest
----
00:15.000  admin asked for it: change instance web
00:15.000  admin asked for instance web to be exists
00:15.020  admin asked for it: change instance web
00:15.020  admin asked for instance web to be exists
00:15.044  the volume is detached
00:15.242  web: its QEMU ended on its own: signal 9
00:15.364  web: it is being started
00:15.660  the volume is attached
00:15.858  web: it runs with kvm
