# How wide blocks are taken to be, above all those that look narrow.
package lib.cidr_test

import data.lib.cidr

test_narrow[block] if {
	some block in [
		"10.20.0.0/16",
		"10.20.0.0/20",
		"203.0.113.7/32",
		"2001:db8:1::/48",
		"2001:db8::1/128",
		"64:ff9b::a14:0/112",
		"::ffff:a14:0/112",
		"::ffff:10.20.0.0/112",
		"::1/128",
	]
	cidr.is_narrow(block)
}

test_wide[block] if {
	some block in [
		"0.0.0.0/0",
		"0.0.0.0/1",
		"128.0.0.0/1",
		"10.0.0.0/15",
		"203.0.113.7/0",
		"::/0",
		"2001:db8::/47",
		"8000::/1",
	]
	not cidr.is_narrow(block)
}

test_as_wide_as_the_ipv4_within[block] if {
	some block in [
		"::ffff:0:0/96",
		"::ffff:0.0.0.0/96",
		"0:0:0:0:0:ffff:0:0/96",
		"::/48",
		"::/64",
		"64:ff9b::/96",
		"64:ff9b:1::/48",
		"64:ff9b::a00:0/104",
		"64:ff9b::a14:0/111",
	]
	not cidr.is_narrow(block)
}

test_wide_when_unreadable[block] if {
	some block in ["", "10.0.0.1", "10.0.0.0/", "10.0.0.0/255.0.0.0", "/16", "any", null, 16, ["10.0.0.0/24"]]
	not cidr.is_narrow(block)
}
