# A drain stops a few instances at a time: the next ones when those run elsewhere.
hosts 2 vcpus=16 memory=16GiB lease=default
create image tiny
upload image tiny
run 5s
create instance a {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance b {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance c {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance d {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance e {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance f {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance g {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance h {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance i {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance j {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance k {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance l {"image": "tiny", "flavor": "tiny", "pool": "nas"}
run 15s
quiet
drain host h1
run 60s
rest 1m
