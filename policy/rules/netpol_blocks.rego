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
	not is_narrow(block)
	not is_internet(direction, block)
	written := object.get(block, "cidr", "of nothing")
	text := sprintf("%s rule %d has the block %v: wider than /16 of IPv4 or /48 of IPv6", [direction, entry.rule, written])
}

violation contains report.about(policy, "N4", text) if {
	some entry in netpol.peers(policy, "egress")
	is_internet("egress", entry.peer.ipBlock)
	some problem in problems(entry)
	text := sprintf("egress rule %d goes to the internet %s", [entry.rule, problem])
}

is_narrow(block) if cidr.is_narrow(block.cidr)

is_internet("egress", block) if internet.except[block.cidr]

problems(entry) := not_for | (other_ports | not_excepted) if {
	component := netpol.component(policy)
	block := entry.peer.ipBlock
	not_for := {sprintf("from %q, which has no provider there", [component]) | not has_provider(component)}
	other_ports := {sprintf("on %v", [port]) |
		some port in entry.ports
		not is_for_internet(port)
	}
	not_excepted := {sprintf("without excepting %s", [range]) |
		some range in internet.except[block.cidr]
		not is_excepted(block, range)
	}
}

has_provider(component) if component in internet.components

is_for_internet(port) if port.port in internet.ports

is_excepted(block, range) if {
	some wider in block.except
	net.cidr_contains(wider, range)
}
