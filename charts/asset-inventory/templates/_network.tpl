{{/* The rules that policies are put together from. */}}

{{/* root, name: a peer of networkPolicy; where no labels are named, those that are usual. As defaults they would stay beside named ones. */}}
{{- define "inventory.known-peer" -}}
{{- $usual := dict "dns" (dict "k8s-app" "kube-dns") "scrapers" (dict "app.kubernetes.io/name" "prometheus") "gateway" (dict "app.kubernetes.io/name" "ingress-nginx") -}}
{{- $peer := index .root.Values.networkPolicy .name -}}
{{- toJson (set (deepCopy $peer) "podLabels" (default (index $usual .name) $peer.podLabels)) -}}
{{- end -}}

{{/* To the cluster's DNS. Where a CiliumNetworkPolicy reads the answers, it alone allows the questions. */}}
{{- define "inventory.egress.dns" -}}
{{- with include "inventory.known-peer" (dict "root" . "name" "dns") | fromJson }}
- to:
    - {{ include "inventory.pod-selector" . | nindent 6 | trim }}
  ports:
    - { protocol: UDP, port: {{ .port }} }
    - { protocol: TCP, port: {{ .port }} }
{{- end }}
{{- end -}}

{{- define "inventory.egress.postgres" -}}
{{- with .Values.postgres }}
- to:
    {{- if eq .network.mode "pod" }}
    - {{ include "inventory.pod-selector" .network | nindent 6 | trim }}
    {{- else }}
    {{- range .network.cidrs }}
    - ipBlock: { cidr: {{ . | quote }} }
    {{- end }}
    {{- end }}
  ports:
    - { protocol: TCP, port: {{ .port }} }
{{- end }}
{{- end -}}

{{- define "inventory.egress.issuer" -}}
{{- $issuer := include "inventory.issuer" . | fromJson }}
{{- with .Values.authProxy.egress }}
{{- if .cidrs }}
- to:
    {{- range .cidrs }}
    - ipBlock: { cidr: {{ . | quote }} }
    {{- end }}
  ports:
    - { protocol: TCP, port: {{ $issuer.port }} }
{{- end }}
{{- range .inCluster }}
- to:
    - {{ include "inventory.pod-selector" . | nindent 6 | trim }}
  ports:
    - { protocol: TCP, port: {{ .port }} }
{{- end }}
{{- end }}
{{- end -}}

{{/* Every public address on 443: a plain NetworkPolicy knows no names. Nothing private, shared, local or multicast. */}}
{{- define "inventory.egress.internet" -}}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 224.0.0.0/4]
    - ipBlock:
        cidr: "::/0"
        except: ["::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"]
  ports:
    - { protocol: TCP, port: 443 }
{{- end -}}

{{/* root, collector, values: whom a collector reaches beside DNS and the database. */}}
{{- define "inventory.egress.collector" -}}
{{- $declared := include "inventory.egress" . | fromJson }}
{{- with .values.egress }}
{{- if and .internet (ne $.root.Values.networkPolicy.flavor "cilium") }}
{{ include "inventory.egress.internet" $ }}
{{- end }}
{{- range .cidrs }}
- to:
    - ipBlock: { cidr: {{ .cidr | quote }} }
  ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ . }} }
    {{- end }}
{{- end }}
{{- range .inCluster }}
- to:
    - {{ include "inventory.pod-selector" . | nindent 6 | trim }}
  ports:
    - { protocol: TCP, port: {{ .port }} }
{{- end }}
{{- end }}
{{- range index $declared "identities" .values.identity.provider }}
- to:
    - ipBlock: { cidr: {{ .cidr | quote }} }
  ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ . }} }
    {{- end }}
{{- end }}
{{- end -}}

{{/* root, collector, values: the names that it may ask DNS for and connect to, as a list of {host, port}. */}}
{{- define "inventory.fqdns" -}}
{{- $declared := include "inventory.egress" . | fromJson }}
{{- $hosts := list }}
{{- range .values.egress.clouds }}{{ $hosts = concat $hosts (index $declared "clouds" .) }}{{ end }}
{{- range .values.egress.fqdns }}{{ $hosts = append $hosts (dict "host" . "port" 443) }}{{ end }}
{{- toJson (dict "hosts" $hosts) -}}
{{- end -}}

{{- define "inventory.ingress.scrapers" -}}
- from:
    - {{ include "inventory.pod-selector" (include "inventory.known-peer" (dict "root" .root "name" "scrapers") | fromJson) | nindent 6 | trim }}
  ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ . }} }
    {{- end }}
{{- end -}}

{{/* root, component, and rules: `ingress` and `egress` as YAML, perhaps `annotations`. */}}
{{- define "inventory.networkpolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "inventory.name" . }}
  labels:
    {{- include "inventory.labels" . | nindent 4 }}
  annotations:
    {{- default "argocd.argoproj.io/sync-wave: \"-10\"" .annotations | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "inventory.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with .ingress | trim }}
  ingress:
    {{- . | nindent 4 }}
  {{- else }}
  ingress: []
  {{- end }}
  {{- with .egress | trim }}
  egress:
    {{- . | nindent 4 }}
  {{- else }}
  egress: []
  {{- end }}
{{- end -}}

{{/* root, component, hosts: the names in Cilium's own kind, with the questions for them. Without the rule on DNS no name ever matches. */}}
{{- define "inventory.ciliumnetworkpolicy" -}}
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: {{ include "inventory.name" . }}
  labels:
    {{- include "inventory.labels" . | nindent 4 }}
  annotations:
    argocd.argoproj.io/sync-wave: "-10"
spec:
  endpointSelector:
    matchLabels:
      {{- include "inventory.selector" . | nindent 6 }}
  egress:
    {{- with include "inventory.known-peer" (dict "root" .root "name" "dns") | fromJson }}
    - toEndpoints:
        - matchLabels:
            k8s:io.kubernetes.pod.namespace: {{ .namespace | quote }}
            {{- range $name, $value := .podLabels }}
            {{ printf "k8s:%s" $name | quote }}: {{ $value | quote }}
            {{- end }}
      toPorts:
        - ports:
            - { port: {{ .port | quote }}, protocol: ANY }
          rules:
            dns:
              - matchPattern: "*"
    {{- end }}
    {{- range .hosts }}
    - toFQDNs:
        - {{ ternary "matchPattern" "matchName" (contains "*" .host) }}: {{ .host | quote }}
      toPorts:
        - ports:
            - { port: {{ .port | quote }}, protocol: TCP }
    {{- end }}
{{- end -}}

{{- define "inventory.ingress.api" -}}
{{- $sidecar := eq .Values.authProxy.mode "sidecar" }}
- from:
    - {{ include "inventory.pod-selector" (ternary (include "inventory.known-peer" (dict "root" . "name" "gateway") | fromJson) .Values.authProxy.external $sidecar) | nindent 6 | trim }}
  ports:
    - { protocol: TCP, port: {{ ternary 4180 8080 $sidecar }} }
{{ include "inventory.ingress.scrapers" (dict "root" . "ports" (ternary (list 9090 44180) (list 9090) $sidecar)) }}
# `helm test`
- from:
    - podSelector:
        matchLabels:
          {{- include "inventory.selector" (dict "root" . "component" "smoke") | nindent 10 }}
  ports:
    - { protocol: TCP, port: 9090 }
    {{- if $sidecar }}
    - { protocol: TCP, port: 4180 }
    {{- end }}
{{- end -}}

{{- define "inventory.ingress.ingest" -}}
- from:
    - {{ include "inventory.pod-selector" (include "inventory.known-peer" (dict "root" . "name" "gateway") | fromJson) | nindent 6 | trim }}
    {{- range .Values.ingest.allowedFrom }}
    - ipBlock: { cidr: {{ .cidr | quote }} }
    {{- end }}
  ports:
    - { protocol: TCP, port: 8081 }
{{ include "inventory.ingress.scrapers" (dict "root" . "ports" (list 9090)) }}
{{- end -}}

{{- define "inventory.egress.smoke" -}}
{{- include "inventory.egress.dns" . }}
- to:
    - podSelector:
        matchLabels:
          {{- include "inventory.selector" (dict "root" . "component" "api") | nindent 10 }}
  ports:
    - { protocol: TCP, port: 9090 }
    {{- if eq .Values.authProxy.mode "sidecar" }}
    - { protocol: TCP, port: 4180 }
    {{- end }}
{{- end -}}
