# A guest that still boots hears no button: it is pressed again.
hosts 1
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 1s
quiet
stop instance web
run 30s
rest
----
00:06.000  admin asked for it: stop instance web
00:06.000  admin asked for instance web to be stopped
00:11.054  the volume is detached
00:11.055  web: its guest powered off
00:11.055  web is off and gives its room back
00:11.055  network default is not needed on h1 any more
00:11.055  instance web: stopped
00:11.124  the network is not needed on h1 and gone
00:11.124  network default is gone from a host that had it
