# Another template: one replica more is made by it, and only when that answers an old one ends. Two
# replicas answer at every moment.
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
create app web {"replicas": 2, "template": {"image": "tiny", "flavor": "tiny", "network": "default"}, "front": {"port": 80, "target_port": 80, "protocol": "http"}}
run 20s
quiet
update app web {"template": {"user_data": "v2"}}
run 60s
rest
----
00:20.150  admin asked for it: change app web
00:20.150  admin asked for app web to be ready
00:20.150  web has a new template; one comes before an old one ends: make web-3
00:20.150  root volume of web-3
00:20.150  network card of web-3
00:20.150  port web-3-port0 has 10.77.0.4 in default
00:20.150  web-3 claimed on h1, generation 1: h1 has the most room of 1 host
00:20.150  volume web-3-root lies on h1 with its instance
00:20.205  web-3: it waits: its volume is being prepared
00:20.245  the volume is ready
00:20.245  web-3: it is being started
00:20.537  the volume is attached
00:20.537  web-3: it runs with kvm
00:24.642  3 of 3 replicas answer
00:24.642  web has a new template, and what was made by it is ready: end web-2
00:24.664  2 of 2 replicas answer
00:24.702  the volume is detached
00:24.702  web-2: its run was ended
00:24.735  web-2: nothing is left of it here
00:24.735  web-2 ended and left its host
00:24.735  its instance web-2 ends
00:24.735  volume web-2-root ends with its instance
00:24.735  its instance web-2 is gone
00:24.735  instance web-2 is gone
00:24.735  web has a new template; one comes before an old one ends: make web-4
00:24.735  root volume of web-4
00:24.735  network card of web-4
00:24.735  port web-4-port0 has 10.77.0.3 in default
00:24.735  web-4 claimed on h1, generation 1: h1 has the most room of 1 host
00:24.735  volume web-4-root lies on h1 with its instance
00:24.769  web-4: it waits: its volume is being prepared
00:24.784  the volume is ready
00:24.784  web-4: it is being started
00:24.792  the volume is gone
00:24.792  volume web-2-root is gone from its host
00:24.968  the volume is attached
00:24.968  web-4: it runs with kvm
00:29.040  3 of 3 replicas answer
00:29.040  web has a new template, and what was made by it is ready: end web-1
00:29.085  the volume is detached
00:29.086  web-1: its run was ended
00:29.098  2 of 2 replicas answer
00:29.129  web-1: nothing is left of it here
00:29.129  web-1 ended and left its host
00:29.129  its instance web-1 ends
00:29.129  volume web-1-root ends with its instance
00:29.129  its instance web-1 is gone
00:29.129  instance web-1 is gone
00:29.129  application web: ready
00:29.182  the volume is gone
00:29.182  volume web-1-root is gone from its host
