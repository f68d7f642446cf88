# An image is deleted. Its record goes last: only the host that has the file can say that it is gone.
hosts 2
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
create instance db {"image": "tiny", "flavor": "tiny"}
run 10s
delete instance web
delete instance db
run 10s
quiet
faults h1 fail=1000
delete image tiny
run 2s
heal
rest 1m
----
00:25.000  admin asked for it: delete image tiny
00:25.000  admin asked for image tiny to be gone
00:25.000  image tiny goes from its hosts
00:25.057  the image is gone from h2
00:25.057  image tiny is gone from a host that had it
00:27.000  everything heals
00:28.887  the image is gone
00:28.887  image tiny is gone from a host that had it
00:28.887  image tiny is gone from its host
00:28.887  image tiny: gone
