# Reads the seed's network-config, version 1 or 2, as far as a static IPv4 address goes: prints
# static_address, static_gateway and static_dns for the shell, or nothing where DHCP is meant.

{ text = text $0 "\n" }

# The address after `key:`, with its prefix if it has one.
function after(key,    found) {
    if (!match(text, key "\"?:[^0-9a-z]*[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+(/[0-9]+)?")) return ""
    found = substr(text, RSTART, RLENGTH)
    sub(/.*[^0-9.\/]/, "", found)
    return found
}

END {
    if (text ~ /dhcp4"?: *(true|yes|on)/ || text ~ /type"?: *"?dhcp/) exit
    address = after("addresses")
    if (address !~ /\//) address = after("address")
    if (address !~ /\//) exit
    gateway = after("gateway4")
    if (gateway == "") gateway = after("gateway")
    if (gateway == "") gateway = after("via")
    print "static_address='" address "' static_gateway='" gateway "'"
    if (match(text, /nameserver.*/)) {
        text = substr(text, RSTART)
        print "static_dns='" after("addresses") "'"
    }
}
