# METADATA
# title: Blocks of addresses are subnets; the internet is for the collectors of clouds, on 443, without what is private.
# custom:
#   kinds: [{apiGroups: [networking.k8s.io], kinds: [NetworkPolicy]}]
#   rules:
#     N4: A wide block is no list, and two halves are a whole. A plain NetworkPolicy cannot name hosts, so those whose providers are on the internet get it, every private range excepted.
package k8s.netpol_blocks

import data.lib.cidr
import data.lib.netpol
import data.lib.report

policy := input.review.object if netpol.is_policy(input.review.object)

internet := input.parameters.internet

violation contains report.about(policy, "N4", text) if {
	some direction in ["egress", "ingress"]
	some entry in netpol.peers(policy, direction)
	block := entry.peer.ipBlock
	not cidr.is_narrow(block.cidr)
	not is_internet(direction, block)
	text := sprintf("%s rule %d has the block %v, wider than /16 of IPv4 or /48 of IPv6", [direction, entry.rule, block.cidr])
}

violation contains report.about(policy, "N4", text) if {
	some entry in netpol.peers(policy, "egress")
	is_internet("egress", entry.peer.ipBlock)
	some problem in problems(entry)
	text := sprintf("egress rule %d goes to the internet %s", [entry.rule, problem])
}

is_internet("egress", block) if internet.except[block.cidr]

problems(entry) := (not_for | other_ports) | not_excepted if {
	not_for := {sprintf("from %q, which has no provider there", [component]) |
		component := netpol.component(policy)
		not component in internet.components
	}
	other_ports := {sprintf("on %v", [object.get(port, "port", "any port")]) |
		some port in entry.ports
		not port.port in internet.ports
	}
	not_excepted := {sprintf("without excepting %s", [range]) |
		block := entry.peer.ipBlock
		some range in internet.except[block.cidr]
		not is_excepted(block, range)
	}
}

is_excepted(block, range) if {
	some wider in block.except
	net.cidr_contains(wider, range)
}
