# People reboot an instance; its guest hears the button, goes off and starts again. The word
# is also that of a fault: `reboot h1 10s` is the host.
hosts 1
create image tiny
upload image tiny
create instance web {"image": "tiny", "flavor": "tiny"}
run 30s
quiet
reboot instance web
run 30s
rest
----
00:30.000  admin asked for it: reboot instance web
00:30.000  admin asked for instance web to be rebooted
00:31.054  the volume is detached
00:31.054  web: its guest powered off
00:31.256  the volume is attached
00:31.257  web: it runs with kvm
00:31.257  instance web: rebooted
