# N5: DNS, SSH and the addresses of the node.
package k8s.netpol_ports_test

import data.k8s.netpol_ports
import data.lib.patch_test as one

good := yaml.unmarshal(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p }
spec:
  podSelector: { matchLabels: { app.kubernetes.io/component: collector-aws } }
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }
          podSelector: { matchLabels: { k8s-app: kube-dns } }
      ports: [{ protocol: UDP, port: 53 }]
    - to: [{ ipBlock: { cidr: 169.254.170.23/32 } }]
      ports: [{ protocol: TCP, port: 80 }]
    - to: [{ ipBlock: { cidr: 10.20.0.0/20 } }]
      ports: [{ protocol: TCP, port: 5432 }]
`)

ssh := json.patch(good, [
	{"op": "replace", "path": "/spec/podSelector/matchLabels/app.kubernetes.io~1component", "value": "collector-ssh"},
	{"op": "replace", "path": "/spec/egress", "value": [{"to": [{"ipBlock": {"cidr": "10.40.7.0/24"}}], "ports": [{"port": 22}]}]},
])

found(policy) := {v.msg |
	some v in netpol_ports.violation with input as {
		"review": {"object": policy},
		"parameters": data.params.netpol_ports,
	}
}

test_accepts[what] if {
	some what, policy in {
		"the cluster's DNS and the identity service": good,
		"the cache of the node": json.patch(good, one.replace("/spec/egress/0/to/0/podSelector/matchLabels/k8s-app", "node-local-dns")),
		"ssh to a list of hosts": ssh,
		"ssh over IPv6": json.patch(ssh, one.replace("/spec/egress/0/to/0/ipBlock/cidr", "2001:db8:0:7::/64")),
		"another kind": json.patch(good, array.concat(one.replace("/kind", "Service"), one.replace("/spec/egress/0/to/0", {}))),
	}
	found(policy) == set()
}

test_n5_flags_dns[what] if {
	some what, peer in {
		"in another namespace": json.patch(
			good.spec.egress[0].to[0],
			one.replace("/namespaceSelector/matchLabels/kubernetes.io~1metadata.name", "default"),
		),
		"of other pods": json.patch(good.spec.egress[0].to[0], one.replace("/podSelector/matchLabels/k8s-app", "tunnel")),
		"of all pods there": json.patch(good.spec.egress[0].to[0], one.remove("/podSelector")),
		"at an address": {"ipBlock": {"cidr": "1.1.1.1/32"}},
		"of nobody": null,
	}
	found(json.patch(good, one.replace("/spec/egress/0/to/0", peer))) == {"N5 NetworkPolicy p: egress rule 0 goes to port 53 of others than the cluster's DNS"}
}

test_n5_flags_ssh_from_others if {
	bad := json.patch(ssh, one.replace("/spec/podSelector/matchLabels/app.kubernetes.io~1component", "api"))
	found(bad) == {`N5 NetworkPolicy p: egress rule 0 goes to port 22 from "api", which has no business there`}
}

test_n5_flags_ssh_to[what] if {
	some what, peer in {
		"more than a subnet": {"ipBlock": {"cidr": "10.40.6.0/23"}},
		"more than a subnet of IPv6": {"ipBlock": {"cidr": "2001:db8::/63"}},
		"pods": {"podSelector": {"matchLabels": {"app": "bastion"}}},
	}
	bad := json.patch(ssh, one.replace("/spec/egress/0/to/0", peer))
	found(bad) == {"N5 NetworkPolicy p: egress rule 0 goes to port 22 of others than a block of /24 or narrower"}
}

test_n5_flags_the_node[what] if {
	some what, patch in {
		"at the address of its metadata": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "169.254.169.254/32"),
		"at more than the one address": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "169.254.170.0/24"),
		"at all link-local addresses": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "169.254.0.0/16"),
		"at that address in the notation of IPv6": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "::ffff:169.254.169.254/128"),
		"over IPv6": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "fd00:ec2::254/128"),
		"over IPv6 at Google's": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "fd20:ce::254/128"),
		"at Azure's address of it": one.replace("/spec/egress/1/to/0/ipBlock/cidr", "168.63.0.0/16"),
		"on another port": one.replace("/spec/egress/1/ports/0/port", 8080),
		"on one more port": one.add("/spec/egress/1/ports/-", {"port": 443}),
		"on any port": one.remove("/spec/egress/1/ports/0/port"),
		"on any port, unsaid": one.remove("/spec/egress/1/ports"),
		"for whom that service is not": one.replace("/spec/podSelector/matchLabels/app.kubernetes.io~1component", "collector-gcp"),
	}
	some text in found(json.patch(good, patch))
	count(found(json.patch(good, patch))) == 1
	regex.match("^N5 NetworkPolicy p: egress rule 1 goes to .+, which is of the node and no identity service of", text)
}

test_leaves_the_wide_ones_to_n4 if {
	found(json.patch(good, one.replace("/spec/egress/2/to/0/ipBlock/cidr", "0.0.0.0/0"))) == set()
}

test_asks_for_parameters if {
	netpol_ports.violation == {{"msg": "there are no parameters for netpol_ports"}} with input.review.object as good
}
