# A guest ignores the button. It is ended when its time is over, and not before.
hosts 1
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
deaf web
stop instance web
run 90s
rest
----
00:15.000  admin asked for it: stop instance web
00:15.000  admin asked for instance web to be stopped
00:45.027  the volume is detached
00:45.028  web: its guest did not power off within 30s and was ended
00:45.028  web is off and gives its room back
00:45.028  network default is not needed on h1 any more
00:45.028  instance web: stopped
00:45.106  the network is not needed on h1 and gone
00:45.106  network default is gone from a host that had it
