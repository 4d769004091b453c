# METADATA
# title: DNS, SSH and the services of a node are reached only by whom they are for, and only where they are.
# custom:
#   kinds: [{apiGroups: [networking.k8s.io], kinds: [NetworkPolicy]}]
#   rules:
#     N5: DNS elsewhere is a way out for data, SSH a way in to hosts, and the node's own addresses hand out identities.
package k8s.netpol_ports

import data.lib.cidr
import data.lib.netpol
import data.lib.report

policy := input.review.object if netpol.is_policy(input.review.object)

component := netpol.component(policy)

egress := netpol.peers(policy, "egress")

may_ssh if component in input.parameters.ssh.components

# Gatekeeper takes a Constraint without parameters, and would then ask nothing.
violation contains {"msg": "there are no parameters for netpol_ports"} if not input.parameters.dns

violation contains report.about(policy, "N5", text) if {
	some entry in egress
	some port in entry.ports
	port.port in input.parameters.dns.ports
	peer := entry.peer
	not is_dns(peer)
	text := sprintf("egress rule %d goes to port %d of others than the cluster's DNS", [entry.rule, port.port])
}

violation contains report.about(policy, "N5", text) if {
	some entry in egress
	some port in entry.ports
	port.port in input.parameters.ssh.ports
	not may_ssh
	text := sprintf("egress rule %d goes to port %d from %q, which has no business there", [entry.rule, port.port, component])
}

violation contains report.about(policy, "N5", text) if {
	some entry in egress
	some port in entry.ports
	port.port in input.parameters.ssh.ports
	peer := entry.peer
	not is_subnet(peer)
	text := sprintf("egress rule %d goes to port %d of others than a block of /24 or narrower", [entry.rule, port.port])
}

violation contains report.about(policy, "N5", text) if {
	some entry in egress
	block := entry.peer.ipBlock.cidr
	is_on_node(block)
	ports := entry.ports
	not is_service(block, ports)
	text := sprintf("egress rule %d goes to %s, which is of the node and no identity service of %q", [entry.rule, block, component])
}

is_dns(peer) if {
	peer.namespaceSelector.matchLabels["kubernetes.io/metadata.name"] == input.parameters.dns.namespace
	some pods in input.parameters.dns.pods
	every key, value in pods {
		peer.podSelector.matchLabels[key] == value
	}
}

# As narrow as the subnets that a list of hosts is made of.
is_subnet(peer) if cidr.prefix(peer.ipBlock.cidr, 4) >= 24

is_subnet(peer) if cidr.prefix(peer.ipBlock.cidr, 6) >= 64

# The wide ones, which would hold them too, are for N4, which wants them excepted.
is_on_node(block) if {
	cidr.is_narrow(block)
	some range in input.parameters.node.ranges
	net.cidr_intersects(range, block)
}

is_service(block, ports) if {
	some service in input.parameters.node.services
	service.component == component
	service.cidr == block
	count(ports) > 0
	every port in ports {
		port.port in service.ports
	}
}
