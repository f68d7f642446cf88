# An application is deleted: its replicas, their volumes and ports, its front and its network go.
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
create app web {"replicas": 2, "template": {"image": "tiny", "flavor": "tiny", "network": "default"}, "front": {"port": 80, "target_port": 80, "protocol": "http"}}
run 20s
quiet
delete app web
run 20s
rest
----
00:20.150  admin asked for it: delete app web
00:20.150  admin asked for app web to be gone
00:20.150  no host carries the front of web any more
00:20.150  web ends: end web-2
00:20.150  web ends: end web-1
00:20.183  the front is gone from h1
00:20.183  web's front is gone from a host that had it
00:20.183  web has no front any more
00:20.191  the volume is detached
00:20.191  web-2: its run was ended
00:20.205  the volume is detached
00:20.205  web-1: its run was ended
00:20.220  web-2: nothing is left of it here
00:20.220  web-2 ended and left its host
00:20.220  its instance web-2 ends
00:20.220  volume web-2-root ends with its instance
00:20.220  its instance web-2 is gone
00:20.220  instance web-2 is gone
00:20.242  web-1: nothing is left of it here
00:20.242  web-1 ended and left its host
00:20.242  network default is not needed on h1 any more
00:20.242  its instance web-1 ends
00:20.242  volume web-1-root ends with its instance
00:20.242  its instance web-1 is gone
00:20.242  instance web-1 is gone
00:20.242  application web is gone
00:20.242  application web: gone
00:20.279  the volume is gone
00:20.279  volume web-2-root is gone from its host
00:20.289  the volume is gone
00:20.289  the network is not needed on h1 and gone
00:20.289  network default is gone from a host that had it
00:20.289  volume web-1-root is gone from its host
