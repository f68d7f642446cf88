# The agent dies and a new one begins. It touches none of the running instances.
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
create instance one {"image": "tiny", "flavor": "tiny"}
run 20s
quiet
kill agent h1
run 10s
start agent h1
run 10s
rest
----
