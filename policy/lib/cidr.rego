# How wide a block of addresses is.
package lib.cidr

# At most a /16 of IPv4 or a /48 of IPv6. What cannot be read is wide.
is_narrow(cidr) if {
	prefix(cidr, 4) >= 16
}

is_narrow(cidr) if {
	prefix(cidr, 6) >= 48
	not embeds_ipv4(cidr)
}

# The /16 of IPv4 that is written behind 96 bits more.
is_narrow(cidr) if {
	prefix(cidr, 6) >= 112
}

# How many bits are fixed. Undefined for what is no block of that version.
prefix(cidr, 4) := to_number(split(cidr, "/")[1]) if regex.match(`^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$`, cidr)

prefix(cidr, 6) := to_number(split(cidr, "/")[1]) if regex.match(`^[0-9a-fA-F]*:[0-9a-fA-F:.]*/\d{1,3}$`, cidr)

# Addresses of IPv6 behind which there are those of IPv4: compatible, mapped, translated (RFC 4291, RFC 6052, RFC 8215).
embeds_ipv4(cidr) if {
	some range in ["::/32", "::ffff:0:0/96", "64:ff9b::/32"]
	net.cidr_intersects(range, cidr)
}
