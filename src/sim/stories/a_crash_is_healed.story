# The QEMU of a replica ends on its own. It is started again at once, on the same host and under
# the same generation, and the front goes on with the other one meanwhile.
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
create app web {"replicas": 2, "template": {"image": "tiny", "flavor": "tiny", "network": "default"}, "front": {"port": 80, "target_port": 80, "protocol": "http"}}
run 20s
quiet
crash web-1
run 20s
rest
----
00:20.150  the volume is detached
00:20.150  web-1: its QEMU ended on its own: signal 9; it is started again
00:20.747  the volume is attached
00:20.747  web-1: it runs with kvm
00:20.840  1 of 2 replicas answer
00:24.839  2 of 2 replicas answer
