# METADATA
# title: Cilium's policies name hosts and pods, each on its ports, and nothing else.
# custom:
#   kinds: [{apiGroups: [cilium.io], kinds: [CiliumNetworkPolicy]}]
#   rules:
#     N9: Entities such as world, a pattern for every name, or no ports are an open door; without the rule on DNS no name ever matches. Addresses and ingress belong into a NetworkPolicy, where N4, N5 and N7 judge them; SSH is for whom N5 lets it.
package k8s.cilium

import data.lib.report
import data.lib.selector

policy := input.review.object if startswith(input.review.object.apiVersion, "cilium.io/")

# One policy may hold several.
specs := [spec |
	some list in [[object.get(policy, "spec", null)], object.get(policy, "specs", null)]
	some spec in list
]

rules := [{"rule": index, "content": rule, "component": component(spec)} |
	some spec in specs
	some index, rule in spec.egress
]

# Gatekeeper takes a Constraint without parameters, and would then ask nothing.
violation contains {"msg": "there are no parameters for cilium"} if not input.parameters.dns

violation contains report.about(policy, "N9", "it has ingress rules, which belong into a NetworkPolicy") if {
	some spec in specs
	count(spec.ingress) > 0
}

violation contains report.about(policy, "N9", text) if {
	some entry in rules
	some field, _ in entry.content
	not field in ["toEndpoints", "toFQDNs", "toPorts"]
	text := sprintf("egress rule %d has %s: only hosts and pods are judged here", [entry.rule, field])
}

violation contains report.about(policy, "N9", text) if {
	some entry in rules
	rule := entry.content
	not has_peers(rule)
	text := sprintf("egress rule %d names neither hosts nor pods", [entry.rule])
}

violation contains report.about(policy, "N9", text) if {
	some entry in rules
	some endpoint in entry.content.toEndpoints
	is_everybody(endpoint)
	text := sprintf("egress rule %d goes to everybody", [entry.rule])
}

violation contains report.about(policy, "N9", text) if {
	some entry in rules
	some host in entry.content.toFQDNs
	some name in host
	not is_below_a_domain(name)
	text := sprintf("egress rule %d goes to %s, which is no host of one domain", [entry.rule, name])
}

violation contains report.about(policy, "N9", text) if {
	some entry in rules
	rule := entry.content
	not has_ports(rule)
	text := sprintf("egress rule %d names no ports, or all of them", [entry.rule])
}

violation contains report.about(policy, "N9", text) if {
	some entry in rules
	rule := entry.content
	some port in ports(rule)
	to_number(port.port) in input.parameters.dns.ports
	not is_dns(rule)
	text := sprintf("egress rule %d goes to port %s of others than the cluster's DNS", [entry.rule, port.port])
}

violation contains report.about(policy, "N9", text) if {
	some entry in rules
	some port in ports(entry.content)
	to_number(port.port) in input.parameters.ssh.ports
	from := entry.component
	not may_ssh(from)
	text := sprintf("egress rule %d goes to port %s from %q, which has no business there", [entry.rule, port.port, from])
}

violation contains report.about(policy, "N9", "it names hosts, but has no rule that reads the answers of DNS") if {
	some spec in specs
	some rule in spec.egress
	rule.toFQDNs
	not reads_dns(spec)
}

has_peers(rule) if count(rule.toEndpoints) > 0

has_peers(rule) if count(rule.toFQDNs) > 0

is_everybody(endpoint) if not selector.is_narrow(endpoint)

# Cilium's own labels: reserved:world is what the entity world is.
is_everybody(endpoint) if {
	some label, _ in endpoint.matchLabels
	startswith(label, "reserved")
}

is_everybody(endpoint) if {
	some expression in endpoint.matchExpressions
	startswith(expression.key, "reserved")
}

may_ssh(from) if from in input.parameters.ssh.components

# The component whose pods it is for.
component(spec) := object.get(spec, ["endpointSelector", "matchLabels", "app.kubernetes.io/component"], "")

# The last two labels are spelt out.
is_below_a_domain(name) if regex.match(`(^|\.)[a-z0-9-]+\.[a-z0-9-]+\.?$`, name)

ports(rule) := [port |
	some group in rule.toPorts
	some port in group.ports
]

has_ports(rule) if {
	count(rule.toPorts) > 0
	every group in rule.toPorts {
		count(group.ports) > 0
		every port in group.ports {
			is_one(port)
		}
	}
}

# 0 stands for all of them.
is_one(port) if {
	regex.match(`^[1-9]\d*$`, port.port)
	not port.endPort
}

is_dns(rule) if {
	count(rule.toEndpoints) > 0
	not rule.toFQDNs
	every endpoint in rule.toEndpoints {
		is_dns_pod(endpoint.matchLabels)
	}
}

is_dns_pod(labels) if {
	labels["k8s:io.kubernetes.pod.namespace"] == input.parameters.dns.namespace
	some pods in input.parameters.dns.pods
	every key, value in pods {
		labels[sprintf("k8s:%s", [key])] == value
	}
}

reads_dns(spec) if {
	some rule in spec.egress
	is_dns(rule)
	some group in rule.toPorts
	count(group.rules.dns) > 0
}
